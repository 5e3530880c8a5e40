#include "../include/milliwatt.h"

/* x * 2^bits, at most 2^31 - 1; x is never very negative. */
static inline int32_t mw_saturating_shift(int32_t x, int32_t bits)
{
  const int64_t wide = (int64_t)x * (1 << bits);
  return wide < INT32_MAX ? (int32_t)wide : INT32_MAX;
}

/* 2^30 / x in Q0.31 for x in [2^30, 2^31) by three Newton steps (gemmlowp's one_over_one_plus_x_for_x_in_0_1). */
static inline int32_t mw_reciprocal(uint32_t x)
{
  const int32_t half = (int32_t)(((int64_t)(int32_t)(x - UINT32_C(0x80000000)) + (INT64_C(1) << 31)) >> 1);
  int32_t y = mw_high_multiply(half, -1010580540) + 1515870810;
  for (int turn = 0; turn < 3; turn++)
    y += mw_saturating_shift(mw_high_multiply(y, (1 << 29) - mw_high_multiply(half, y)), 2);
  return mw_saturating_shift(y, 1);
}

/*
 * Softmax of int8 over the last dimension as TensorFlow Lite's reference kernel computes it: `exponentials` holds
 * e^-d in Q0.31 by the difference d to the row's maximum, their sum is in Q12.19.
 */
MW_KERNEL void mw_softmax_s8(const int8_t *input, int8_t *output, int32_t rows, int32_t depth,
                             const int32_t *exponentials)
{
  for (int32_t row = 0; row < rows; row++, input += depth, output += depth) {
    int32_t most = -128, sum = 0, headroom = 0;
    for (int32_t i = 0; i < depth; i++) most = mw_max(most, input[i]);
    for (int32_t i = 0; i < depth; i++) sum += mw_rounding_shift(exponentials[most - input[i]], 12);
    while (!(((uint32_t)sum << headroom) & UINT32_C(0x80000000))) headroom++;
    const int32_t reciprocal = mw_reciprocal((uint32_t)sum << headroom);
    for (int32_t i = 0; i < depth; i++) {
      const int32_t product = mw_high_multiply(reciprocal, exponentials[most - input[i]]);
      output[i] = (int8_t)mw_clamp(mw_rounding_shift(product, 12 - headroom + 31 - 8) - 128, -128, 127);
    }
  }
}
