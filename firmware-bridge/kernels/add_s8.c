#include "../include/milliwatt.h"

/*
 * Sum of two int8 values. Tables give each side in steps of the raw sum, by value + 128. With a multiplier the sum goes
 * through fixed point, without one it is shifted right with halves up.
 */
MW_KERNEL void mw_add_s8(const int8_t *left, const int8_t *right, int8_t *output, int32_t count,
                         const int32_t *left_table, const int32_t *right_table, int32_t multiplier, int32_t shift,
                         int32_t zero, int32_t min, int32_t max)
{
  for (int32_t i = 0; i < count; i++) {
    const int32_t sum = left_table[left[i] + 128] + right_table[right[i] + 128];
    const int32_t steps = multiplier ? mw_fixed_point(sum, multiplier, shift)
                                     : (int32_t)(((int64_t)sum + (INT64_C(1) << (shift - 1))) >> shift);
    output[i] = (int8_t)mw_clamp(steps + zero, min, max);
  }
}
