#include "../include/milliwatt.h"

/* Depthwise convolution of floats, weights 1HWC: output channel c reads input channel c / (outputs an input). */
MW_KERNEL void mw_depthwise_conv_f32(const float *input, float *output, const mw_geometry *g, const float *weights,
                                     const float *bias, float min, float max)
{
  const int32_t channels = g->output_channels;
  const int32_t multiplier = channels / g->input_channels;
  for (int32_t batch = 0; batch < g->batches; batch++, input += g->input_height * g->input_width * g->input_channels)
    for (int32_t oy = 0; oy < g->output_height; oy++)
      for (int32_t ox = 0; ox < g->output_width; ox++, output += channels) {
        const int32_t iy = oy * g->stride_height - g->pad_top;
        const int32_t ix = ox * g->stride_width - g->pad_left;
        int32_t top, bottom, left, right;
        mw_taps(iy, g->filter_height, g->dilation_height, g->input_height, &top, &bottom);
        mw_taps(ix, g->filter_width, g->dilation_width, g->input_width, &left, &right);
        for (int32_t c = 0; c < channels; c++) output[c] = 0;
        for (int32_t ky = top; ky < bottom; ky++)
          for (int32_t kx = left; kx < right; kx++) {
            const int32_t pixel = (iy + ky * g->dilation_height) * g->input_width + ix + kx * g->dilation_width;
            const float *x = input + pixel * g->input_channels;
            const float *w = weights + (ky * g->filter_width + kx) * channels;
            for (int32_t c = 0; c < channels; c++) output[c] += x[c / multiplier] * w[c];
          }
        for (int32_t c = 0; c < channels; c++) output[c] = mw_cut(output[c] + bias[c], min, max);
      }
}
