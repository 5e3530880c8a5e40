#include "../include/tile.h"

/*
 * Convolution of floats over packed weights, products summed in order and the bias last; `scratch` has room for the
 * padded image, `rows` of `columns` pixels.
 */
MW_INLINE void mw_conv_packed_f32(const float *input, float *output, const mw_geometry *g, const mw_windows *v,
                                  const mw_packed_conv *p, int32_t rows, int32_t columns, uint8_t *scratch)
{
  for (int32_t batch = 0; batch < g->batches; batch++) {
    mw_pad((const uint8_t *)input, scratch, g, 4, rows, 4 * columns * g->input_channels, 0, 0);
    mw_conv_image(scratch, output, v, p, 1);
    input += g->input_height * g->input_width * g->input_channels;
    output += g->output_height * g->output_width * g->output_channels;
  }
}
