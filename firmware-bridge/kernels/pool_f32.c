#include "../include/milliwatt.h"

/* Average or maximum of floats over windows that are cut to the image; then cut to a range. */
MW_KERNEL void mw_pool_f32(const float *input, float *output, const mw_geometry *g, int average, float min, float max)
{
  const int32_t channels = g->input_channels;
  for (int32_t batch = 0; batch < g->batches; batch++, input += g->input_height * g->input_width * channels)
    for (int32_t oy = 0; oy < g->output_height; oy++)
      for (int32_t ox = 0; ox < g->output_width; ox++, output += channels) {
        const int32_t top = oy * g->stride_height - g->pad_top, left = ox * g->stride_width - g->pad_left;
        const int32_t from_y = mw_max(top, 0), to_y = mw_min(top + g->filter_height, g->input_height);
        const int32_t from_x = mw_max(left, 0), to_x = mw_min(left + g->filter_width, g->input_width);
        const float count = (float)((to_y - from_y) * (to_x - from_x));
        for (int32_t y = from_y; y < to_y; y++)
          for (int32_t x = from_x; x < to_x; x++) {
            const float *pixel = input + (y * g->input_width + x) * channels;
            const int first = y == from_y && x == from_x;
            for (int32_t c = 0; c < channels; c++) {
              if (average) output[c] = first ? pixel[c] : output[c] + pixel[c];
              else output[c] = first || pixel[c] > output[c] || pixel[c] != pixel[c] ? pixel[c] : output[c];
            }
          }
        for (int32_t c = 0; c < channels; c++) output[c] = mw_cut(average ? output[c] / count : output[c], min, max);
      }
}
