#include "../include/vector.h"

/*
 * Sum of two int8 values as round(left * a + offset + right * b) in float32: only where that was proved equal to the
 * fixed-point sum for all pairs. `count` is at least 64; the last vectors may be computed twice.
 */
MW_INLINE void mw_add_float_s8(const int8_t *left, const int8_t *right, int8_t *output, int32_t count, float a, float b,
                               float offset, int32_t zero, int32_t min, int32_t max)
{
  for (int32_t start = 0; start < count; start += 64) {
    const int32_t at = mw_min(start, count - 64);
    mw_i32x16 steps[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const mw_i32x16 x = mw_widen(left + at + 16 * i), y = mw_widen(right + at + 16 * i);
      for (int part = 0; part < MW_PARTS; part++) {
        const mw_part_f32 first = __builtin_convertvector(x.part[part], mw_part_f32) * a + offset;
        steps[i].part[part] = mw_part_round(first + __builtin_convertvector(y.part[part], mw_part_f32) * b);
      }
    }
    const mw_s8x64 bytes = mw_narrow(steps, zero, min, max);
    memcpy(output + at, &bytes, sizeof bytes);
  }
}
