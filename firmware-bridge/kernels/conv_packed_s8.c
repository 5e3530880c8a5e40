#include "../include/tile.h"

/* Copies an image with the padding of its windows, flipped: the padding of g at the top and left, the rest elsewhere. */
MW_INLINE void mw_pad(const int8_t *input, uint8_t *to, const mw_geometry *g, int32_t rows, int32_t columns, int32_t zero)
{
  const int32_t channels = g->input_channels;
  const int32_t row_bytes = columns * channels;
  const int32_t left = g->pad_left * channels;
  const int32_t inner = mw_min(g->input_width, columns - g->pad_left) * channels;
  for (int32_t row = 0; row < rows; row++, to += row_bytes) {
    const int32_t y = row - g->pad_top;
    if (y < 0 || y >= g->input_height) {
      memset(to, (zero & 255) ^ MW_FLIP, (size_t)row_bytes);
      continue;
    }
    const int8_t *from = input + y * g->input_width * channels;
    memset(to, (zero & 255) ^ MW_FLIP, (size_t)left);
    for (int32_t i = 0; i < inner; i++) to[left + i] = (uint8_t)(from[i] ^ MW_FLIP);
    memset(to + left + inner, (zero & 255) ^ MW_FLIP, (size_t)(row_bytes - left - inner));
  }
}

/* Convolution of int8 over packed weights; `scratch` has room for the padded image, `rows` of `columns` pixels. */
MW_INLINE void mw_conv_packed_s8(const int8_t *input, int8_t *output, const mw_geometry *g, const mw_windows *v,
                                 const mw_packed_conv *p, int32_t rows, int32_t columns, int32_t zero, uint8_t *scratch)
{
  for (int32_t batch = 0; batch < g->batches; batch++) {
    mw_pad(input, scratch, g, rows, columns, zero);
    mw_conv_image(scratch, output, v, p);
    input += g->input_height * g->input_width * g->input_channels;
    output += g->output_height * g->output_width * g->output_channels;
  }
}
