#include "../include/tile.h"

/* Convolution of 1x1 of floats over packed weights: the pixels of all rows are one line. */
MW_INLINE void mw_pointwise_packed_f32(const float *input, float *output, const mw_windows *v, const mw_packed_conv *p)
{
  mw_conv_image((const uint8_t *)input, output, v, p, 1);
}
