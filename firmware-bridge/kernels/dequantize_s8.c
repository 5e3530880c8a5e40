#include "../include/milliwatt.h"

/* From int8 to float32: scale * (q - zero), rounded once. */
MW_KERNEL void mw_dequantize_s8(const int8_t *input, float *output, int32_t count, float scale, int32_t zero)
{
  for (int32_t i = 0; i < count; i++) output[i] = (float)(input[i] - zero) * scale;
}
