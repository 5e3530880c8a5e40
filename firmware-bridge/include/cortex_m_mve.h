/* Four channels at a time by Helium, the M-profile's vectors: sixteen products an instruction. */
#ifndef MILLIWATT_CORTEX_M_MVE_H
#define MILLIWATT_CORTEX_M_MVE_H

#include <arm_mve.h>

#include "milliwatt.h"

/*
 * Adds to four channels the products of a run and its weights, which lie `stride` apart: those of the bytes as they are,
 * less `zero` times the sum of the weights. A function of its own: the loop needs all registers.
 */
MW_APART void mw_run_s8(const int8_t *x, const int8_t *w, int32_t stride, int32_t count, int32_t zero, int32_t *sums)
{
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  int32_t w0 = 0, w1 = 0, w2 = 0, w3 = 0;
  const int8_t *third = w + 2 * stride;
  for (; count >= 16; count -= 16, x += 16, w += 16, third += 16) {
    const int8x16_t values = vld1q_s8(x);
    int8x16_t v = vld1q_s8(w);
    s0 = vmladavaq_s8(s0, values, v), w0 = vaddvaq_s8(w0, v);
    v = vld1q_s8(w + stride);
    s1 = vmladavaq_s8(s1, values, v), w1 = vaddvaq_s8(w1, v);
    v = vld1q_s8(third);
    s2 = vmladavaq_s8(s2, values, v), w2 = vaddvaq_s8(w2, v);
    v = vld1q_s8(third + stride);
    s3 = vmladavaq_s8(s3, values, v), w3 = vaddvaq_s8(w3, v);
  }
  if (count > 0) {
    const mve_pred16_t some = vctp8q((uint32_t)count);
    const int8x16_t values = vldrbq_z_s8(x, some);
    int8x16_t v = vldrbq_z_s8(w, some);
    s0 = vmladavaq_s8(s0, values, v), w0 = vaddvaq_s8(w0, v);
    v = vldrbq_z_s8(w + stride, some);
    s1 = vmladavaq_s8(s1, values, v), w1 = vaddvaq_s8(w1, v);
    v = vldrbq_z_s8(third, some);
    s2 = vmladavaq_s8(s2, values, v), w2 = vaddvaq_s8(w2, v);
    v = vldrbq_z_s8(third + stride, some);
    s3 = vmladavaq_s8(s3, values, v), w3 = vaddvaq_s8(w3, v);
  }
  sums[0] = s0 - zero * w0, sums[1] = s1 - zero * w1, sums[2] = s2 - zero * w2, sums[3] = s3 - zero * w3;
}

/* The same for one channel. */
MW_APART int32_t mw_run_one_s8(const int8_t *x, const int8_t *w, int32_t count, int32_t zero, int32_t sum)
{
  int32_t weights = 0;
  for (; count > 0; count -= 16, x += 16, w += 16) {
    const mve_pred16_t some = vctp8q((uint32_t)count);
    const int8x16_t v = vldrbq_z_s8(w, some);
    sum = vmladavaq_s8(sum, vldrbq_z_s8(x, some), v);
    weights = vaddvaq_s8(weights, v);
  }
  return sum - zero * weights;
}

/*
 * Steps of the output by fixed point: rounding a shift with halves up is that with halves away from zero if negative
 * numbers are one less before.
 */
static inline int32x4_t mw_fixed_steps(const mw_requantization *r, int32_t channel, int32x4_t sums)
{
  const int32x4_t shifts = vldrbq_s32(r->shifts + channel), none = vdupq_n_s32(0);
  const int32x4_t product = vqrdmulhq_s32(vshlq_s32(sums, vmaxq_s32(shifts, none)), vld1q_s32(r->multipliers + channel));
  const int32x4_t right = vminq_s32(shifts, none);
  const int32x4_t less = vshrq_n_s32(vandq_s32(product, right), 31);
  return vrshlq_s32(vqaddq_s32(product, less), right);
}

/* The same by float scales, cut before the rounding so that all are small. */
static inline int32x4_t mw_float_steps(const mw_requantization *r, int32_t channel, int32x4_t sums)
{
#if __ARM_FEATURE_MVE & 2
  const float32x4_t low = vdupq_n_f32((float)(r->min - r->zero)), high = vdupq_n_f32((float)(r->max - r->zero));
  const float32x4_t steps = vmulq_f32(vcvtq_f32_s32(sums), vld1q_f32(r->scales + channel));
  return vcvtq_s32_f32(vrndnq_f32(vminnmq_f32(vmaxnmq_f32(steps, low), high)));
#else
  int32_t steps[4];
  vst1q_s32(steps, sums);
  for (int32_t i = 0; i < 4; i++) steps[i] = mw_requantize(r, channel + i, steps[i]) - r->zero;
  return vld1q_s32(steps);
#endif
}

/* Four accumulators as the output's integers. */
static inline void mw_store_four_s8(const mw_requantization *r, int32_t channel, int32x4_t sums, int8_t *output)
{
  const int32x4_t steps = r->scales ? mw_float_steps(r, channel, sums) : mw_fixed_steps(r, channel, sums);
  const int32x4_t values = vaddq_n_s32(steps, r->zero);
  vstrbq_s32(output, vminq_s32(vmaxq_s32(values, vdupq_n_s32(r->min)), vdupq_n_s32(r->max)));
}

/* Accumulators of `some` channels, at most four, as the output's integers. */
static inline void mw_store_s8(const mw_requantization *r, int32_t channel, const int32_t *sums, int8_t *output, int32_t some)
{
  if (some == 4) mw_store_four_s8(r, channel, vld1q_s32(sums), output);
  else
    for (int32_t i = 0; i < some; i++) output[i] = (int8_t)mw_requantize(r, channel + i, sums[i]);
}

/* Accumulators of channels that lie side by side. */
#define MW_LANES 8
typedef struct {
  int32x4_t first, second;
} mw_lanes;

static inline mw_lanes mw_load_lanes(const int32_t *sums) { return (mw_lanes){vld1q_s32(sums), vld1q_s32(sums + 4)}; }

static inline int32x4_t mw_products(const int8_t *x, const int8_t *w, int32_t zero)
{
  return vmulq_s32(vsubq_n_s32(vldrbq_s32(x), zero), vldrbq_s32(w));
}

/* They, each with one product. */
static inline mw_lanes mw_tap_s8(const int8_t *x, const int8_t *w, int32_t zero, mw_lanes sums)
{
  return (mw_lanes){vaddq_s32(sums.first, mw_products(x, w, zero)),
                    vaddq_s32(sums.second, mw_products(x + 4, w + 4, zero))};
}

static inline void mw_store_lanes_s8(const mw_requantization *r, int32_t channel, mw_lanes sums, int8_t *output)
{
  mw_store_four_s8(r, channel, sums.first, output);
  mw_store_four_s8(r, channel + 4, sums.second, output + 4);
}

#endif
