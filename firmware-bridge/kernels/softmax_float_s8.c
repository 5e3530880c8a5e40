#include "../include/exponential.h"
#include "../include/milliwatt.h"

/*
 * Softmax of int8 over the last dimension in float32, halves to even: `reals` holds what each value stands for, by
 * value + 128; `scratch` has room for one row.
 */
MW_KERNEL void mw_softmax_float_s8(const int8_t *input, int8_t *output, int32_t rows, int32_t depth, const float *reals,
                                   float beta, float *scratch, float scale, int32_t zero)
{
  for (int32_t row = 0; row < rows; row++, input += depth, output += depth) {
    int32_t most = -128;
    float sum = 0;
    for (int32_t i = 0; i < depth; i++) most = mw_max(most, input[i]);
    for (int32_t i = 0; i < depth; i++) {
      const float difference = reals[input[i] + 128] - reals[most + 128];
      scratch[i] = (float)mw_exponential((double)(difference * beta));
      sum += scratch[i];
    }
    for (int32_t i = 0; i < depth; i++) {
      const float steps = mw_round_even(scratch[i] / sum / scale);
      output[i] = (int8_t)(mw_min((int32_t)steps, 127 - zero) + zero);
    }
  }
}
