#include "../include/cortex_m.h"

#if defined(MW_MVE) || defined(MW_DSP)

/* All inputs of one place, padding as `zero`. */
static inline void mw_gather_s8(const int8_t *input, int8_t *column, const mw_geometry *g, const mw_place *p, int32_t zero)
{
  const int32_t depth = g->input_channels, row = g->filter_width * depth;
  if (p->top > 0 || p->left > 0 || p->bottom < g->filter_height || p->right < g->filter_width)
    memset(column, zero, (size_t)(g->filter_height * row));
  for (int32_t ky = p->top; ky < p->bottom; ky++)
    for (int32_t kx = p->left; kx < p->right; kx++) {
      const int8_t *x = input + mw_pixel(g, p, ky, kx) * depth;
      for (int32_t c = 0; c < depth; c++) column[ky * row + kx * depth + c] = x[c];
    }
}

/* Adds the products of one place to `some` channels; taps that lie side by side in filter and memory are one run. */
static inline void mw_conv_place_s8(const int8_t *input, const mw_geometry *g, const int8_t *weights, int32_t zero,
                                    const mw_place *p, int32_t *sums, int32_t some)
{
  const int32_t depth = g->input_channels, row = g->filter_width * depth, size = g->filter_height * row;
  const int32_t taps = g->dilation_width == 1 ? p->right - p->left : 1;
  for (int32_t ky = p->top; ky < p->bottom; ky++)
    for (int32_t kx = p->left; kx < p->right; kx += taps) {
      const int8_t *x = input + mw_pixel(g, p, ky, kx) * depth;
      mw_run_some_s8(x, weights + ky * row + kx * depth, size, taps * depth, zero, sums, some);
    }
}

/* Convolution of int8, weights OHWI; a fully connected layer is one of 1x1. `zero` is the input's zero point. */
MW_KERNEL void mw_conv_s8(const int8_t *input, int8_t *output, const mw_geometry *g, const int8_t *weights, int32_t zero,
                          const mw_requantization *r)
{
  int8_t column[MW_COLUMN_BYTES];
  const int32_t taps = g->filter_height * g->filter_width, size = taps * g->input_channels;
  const int small = taps > 1 && size <= MW_COLUMN_BYTES;
  for (int32_t batch = 0; batch < g->batches; batch++, input += g->input_height * g->input_width * g->input_channels)
    for (int32_t oy = 0; oy < g->output_height; oy++)
      for (int32_t ox = 0; ox < g->output_width; ox++, output += g->output_channels) {
        const mw_place p = mw_place_of(g, oy, ox);
        const int8_t *run = NULL;
        if (small) mw_gather_s8(input, column, g, &p, zero), run = column;
        else if (taps == 1 && p.bottom > 0 && p.right > 0) run = input + mw_pixel(g, &p, 0, 0) * size;
        for (int32_t channel = 0; channel < g->output_channels; channel += 4) {
          const int32_t some = mw_min(4, g->output_channels - channel);
          const int8_t *w = weights + channel * size;
          int32_t sums[4];
          for (int32_t i = 0; i < some; i++) sums[i] = r->bias[channel + i];
          if (run) mw_run_some_s8(run, w, size, size, zero, sums, some);
          else mw_conv_place_s8(input, g, w, zero, &p, sums, some);
          mw_store_s8(r, channel, sums, output + channel, some);
        }
      }
}

#else

/* Convolution of int8, weights OHWI; a fully connected layer is one of 1x1. `zero` is the input's zero point. */
MW_KERNEL void mw_conv_s8(const int8_t *input, int8_t *output, const mw_geometry *g, const int8_t *weights, int32_t zero,
                          const mw_requantization *r)
{
  const int32_t depth = g->input_channels;
  const int32_t taps = g->filter_height * g->filter_width;
  for (int32_t batch = 0; batch < g->batches; batch++, input += g->input_height * g->input_width * depth)
    for (int32_t oy = 0; oy < g->output_height; oy++)
      for (int32_t ox = 0; ox < g->output_width; ox++) {
        const int32_t iy = oy * g->stride_height - g->pad_top;
        const int32_t ix = ox * g->stride_width - g->pad_left;
        int32_t top, bottom, left, right;
        mw_taps(iy, g->filter_height, g->dilation_height, g->input_height, &top, &bottom);
        mw_taps(ix, g->filter_width, g->dilation_width, g->input_width, &left, &right);
        for (int32_t channel = 0; channel < g->output_channels; channel++) {
          int32_t sum = r->bias[channel];
          for (int32_t ky = top; ky < bottom; ky++)
            for (int32_t kx = left; kx < right; kx++) {
              const int8_t *x =
                  input + ((iy + ky * g->dilation_height) * g->input_width + ix + kx * g->dilation_width) * depth;
              const int8_t *w = weights + (channel * taps + ky * g->filter_width + kx) * depth;
              for (int32_t c = 0; c < depth; c++) sum += (x[c] - zero) * w[c];
            }
          *output++ = (int8_t)mw_requantize(r, channel, sum);
        }
      }
}

#endif
