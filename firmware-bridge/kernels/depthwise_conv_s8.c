#include "../include/cortex_m.h"

#if defined(MW_MVE) || defined(MW_DSP)

/* The first channels of one place, MW_LANES at a time, each with the input channel of its number; gives how many. */
static inline int32_t mw_depthwise_lanes_s8(const int8_t *input, int8_t *output, const mw_geometry *g, const int8_t *weights,
                                            int32_t zero, const mw_requantization *r, const mw_place *p)
{
  const int32_t depth = g->input_channels, step = g->dilation_width * depth;
  const int32_t image_row = g->dilation_height * g->input_width * depth, filter_row = g->filter_width * depth;
  const int32_t rows = p->bottom - p->top, taps = p->right - p->left;
  int32_t channel = 0;
  input += mw_pixel(g, p, p->top, p->left) * depth;
  weights += (p->top * g->filter_width + p->left) * depth;
  for (; channel + MW_LANES <= depth; channel += MW_LANES) {
    mw_lanes sums = mw_load_lanes(r->bias + channel);
    const int8_t *image = input + channel, *filter = weights + channel;
    for (int32_t ky = 0; ky < rows; ky++, image += image_row, filter += filter_row) {
      const int8_t *x = image, *w = filter;
      for (int32_t kx = 0; kx < taps; kx++, x += step, w += depth) sums = mw_tap_s8(x, w, zero, sums);
    }
    mw_store_lanes_s8(r, channel, sums, output + channel);
  }
  return channel;
}

#endif

/* Depthwise convolution of int8, weights 1HWC: output channel c reads input channel c / (outputs an input). */
MW_KERNEL void mw_depthwise_conv_s8(const int8_t *input, int8_t *output, const mw_geometry *g, const int8_t *weights,
                                    int32_t zero, const mw_requantization *r)
{
  const int32_t multiplier = g->output_channels / g->input_channels;
  for (int32_t batch = 0; batch < g->batches; batch++, input += g->input_height * g->input_width * g->input_channels)
    for (int32_t oy = 0; oy < g->output_height; oy++)
      for (int32_t ox = 0; ox < g->output_width; ox++) {
        const int32_t iy = oy * g->stride_height - g->pad_top;
        const int32_t ix = ox * g->stride_width - g->pad_left;
        int32_t top, bottom, left, right;
        mw_taps(iy, g->filter_height, g->dilation_height, g->input_height, &top, &bottom);
        mw_taps(ix, g->filter_width, g->dilation_width, g->input_width, &left, &right);
        int32_t channel = 0;
#if defined(MW_MVE) || defined(MW_DSP)
        if (multiplier == 1) {
          const mw_place p = {iy, ix, top, bottom, left, right};
          channel = mw_depthwise_lanes_s8(input, output, g, weights, zero, r, &p);
          output += channel;
        }
#endif
        for (; channel < g->output_channels; channel++) {
          int32_t sum = r->bias[channel];
          for (int32_t ky = top; ky < bottom; ky++)
            for (int32_t kx = left; kx < right; kx++) {
              const int32_t pixel = (iy + ky * g->dilation_height) * g->input_width + ix + kx * g->dilation_width;
              const int32_t x = input[pixel * g->input_channels + channel / multiplier] - zero;
              sum += x * weights[(ky * g->filter_width + kx) * g->output_channels + channel];
            }
          *output++ = (int8_t)mw_requantize(r, channel, sum);
        }
      }
}
