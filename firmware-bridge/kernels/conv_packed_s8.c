#include "../include/tile.h"

/* Convolution of int8 over packed weights; `scratch` has room for the padded image, `rows` of `columns` pixels. */
MW_INLINE void mw_conv_packed_s8(const int8_t *input, int8_t *output, const mw_geometry *g, const mw_windows *v,
                                 const mw_packed_conv *p, int32_t rows, int32_t columns, int32_t zero, uint8_t *scratch)
{
  for (int32_t batch = 0; batch < g->batches; batch++) {
    mw_pad((const uint8_t *)input, scratch, g, 1, rows, columns * g->input_channels, zero, MW_FLIP);
    mw_conv_image(scratch, output, v, p, 0);
    input += g->input_height * g->input_width * g->input_channels;
    output += g->output_height * g->output_width * g->output_channels;
  }
}
