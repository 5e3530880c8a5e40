#include "../include/tile.h"

/* Convolution of 1x1 over packed weights: the pixels of all rows are one line. `scratch` has room for the input. */
MW_INLINE void mw_pointwise_packed_s8(const int8_t *input, int8_t *output, const mw_windows *v, const mw_packed_conv *p,
                                      uint8_t *scratch)
{
  if (MW_FLIP) {
    for (int32_t i = 0; i < v->pixels * v->pixel_bytes; i++) scratch[i] = (uint8_t)(input[i] ^ MW_FLIP);
    mw_conv_image(scratch, output, v, p, 0);
  } else {
    mw_conv_image((const uint8_t *)input, output, v, p, 0);
  }
}
