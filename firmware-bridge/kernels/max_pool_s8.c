#include "../include/milliwatt.h"

/* Maximum over windows that are cut to the image. */
MW_KERNEL void mw_max_pool_s8(const int8_t *input, int8_t *output, const mw_geometry *g, int32_t min, int32_t max)
{
  const int32_t channels = g->input_channels;
  for (int32_t batch = 0; batch < g->batches; batch++, input += g->input_height * g->input_width * channels)
    for (int32_t oy = 0; oy < g->output_height; oy++)
      for (int32_t ox = 0; ox < g->output_width; ox++, output += channels) {
        const int32_t top = oy * g->stride_height - g->pad_top, left = ox * g->stride_width - g->pad_left;
        memset(output, -128, (size_t)channels);
        for (int32_t y = mw_max(top, 0); y < mw_min(top + g->filter_height, g->input_height); y++)
          for (int32_t x = mw_max(left, 0); x < mw_min(left + g->filter_width, g->input_width); x++) {
            const int8_t *pixel = input + (y * g->input_width + x) * channels;
            for (int32_t c = 0; c < channels; c++) output[c] = output[c] > pixel[c] ? output[c] : pixel[c];
          }
        for (int32_t c = 0; c < channels; c++) output[c] = (int8_t)mw_clamp(output[c], min, max);
      }
}
