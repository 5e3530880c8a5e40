#include "../include/quantize.h"

/* From float32 to uint8, see mw_quantized. */
MW_KERNEL void mw_quantize_u8(const float *input, uint8_t *output, int32_t count, float factor, int even, int32_t zero,
                             int32_t min, int32_t max)
{
  for (int32_t i = 0; i < count; i++) output[i] = (uint8_t)mw_quantized(input[i], factor, even, zero, min, max);
}
