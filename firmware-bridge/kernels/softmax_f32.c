#include "../include/exponential.h"
#include "../include/milliwatt.h"

/* Softmax of floats over the last dimension. */
MW_KERNEL void mw_softmax_f32(const float *input, float *output, int32_t rows, int32_t depth, float beta)
{
  for (int32_t row = 0; row < rows; row++, input += depth, output += depth) {
    float most = input[0], sum = 0;
    for (int32_t i = 1; i < depth; i++) most = input[i] > most || input[i] != input[i] ? input[i] : most;
    for (int32_t i = 0; i < depth; i++) {
      output[i] = (float)mw_exponential((double)((input[i] - most) * beta));
      sum += output[i];
    }
    for (int32_t i = 0; i < depth; i++) output[i] /= sum;
  }
}
