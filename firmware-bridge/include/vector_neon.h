/* vector.h on 64-bit Arm: int8 times int8, by the dot product where the machine has it. */
#include <arm_neon.h>

#define MW_EXCESS 0
#define MW_ACCUMULATORS 5

MW_INLINE mw_part_i32 mw_part_dot(mw_part_i32 sum, mw_part_i32 activations, mw_part_i32 weights)
{
  const int8x16_t a = vreinterpretq_s8_s32((int32x4_t)activations), w = vreinterpretq_s8_s32((int32x4_t)weights);
#if defined(__ARM_FEATURE_DOTPROD)
  return (mw_part_i32)vdotq_s32((int32x4_t)sum, a, w);
#else
  const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(w)));
  return (mw_part_i32)vaddq_s32((int32x4_t)sum, vpaddq_s32(low, vpaddlq_s16(vmull_high_s8(a, w))));
#endif
}

MW_INLINE mw_part_i32 mw_part_widen(const int8_t *from)
{
  int32_t four;
  memcpy(&four, from, sizeof four);
  return (mw_part_i32)vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four)))));
}

MW_INLINE mw_part_i32 mw_part_round(mw_part_f32 x) { return (mw_part_i32)vcvtnq_s32_f32((float32x4_t)x); }

MW_INLINE int8x16_t mw_narrow_one(mw_i32x16 x, int32_t zero, int32_t min, int32_t max)
{
  const int16x8_t zeros = vdupq_n_s16((int16_t)zero);
  const int16x8_t low = vcombine_s16(vqmovn_s32((int32x4_t)x.part[0]), vqmovn_s32((int32x4_t)x.part[1]));
  const int16x8_t high = vcombine_s16(vqmovn_s32((int32x4_t)x.part[2]), vqmovn_s32((int32x4_t)x.part[3]));
  const int8x16_t bytes = vcombine_s8(vqmovn_s16(vqaddq_s16(low, zeros)), vqmovn_s16(vqaddq_s16(high, zeros)));
  return vminq_s8(vmaxq_s8(bytes, vdupq_n_s8((int8_t)min)), vdupq_n_s8((int8_t)max));
}

/* Four times sixteen steps as int8, zero point added and cut. */
MW_INLINE mw_s8x64 mw_narrow(const mw_i32x16 x[4], int32_t zero, int32_t min, int32_t max)
{
  mw_s8x64 result;
  for (int i = 0; i < 4; i++) vst1q_s8(result.byte + 16 * i, mw_narrow_one(x[i], zero, min, max));
  return result;
}

/* Bytes 0..15 of four rows as sixteen groups of four. */
MW_INLINE void mw_interleave(uint8_t *to, const int8_t *const rows[4])
{
  const int8x16x4_t all = {{vld1q_s8(rows[0]), vld1q_s8(rows[1]), vld1q_s8(rows[2]), vld1q_s8(rows[3])}};
  vst4q_s8((int8_t *)to, all);
}
