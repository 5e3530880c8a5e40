/* What the kernels share: shapes, and how accumulators become int8. C99, nothing is allocated. */
#ifndef MILLIWATT_H
#define MILLIWATT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A model's file includes the kernels that it calls: with constant arguments a compiler makes each a kernel of its own. */
#define MW_KERNEL static inline

/* Tables begin where vectors, or words, load best. */
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
#define MW_ALIGNED __attribute__((aligned(64)))
#elif defined(__GNUC__)
#define MW_ALIGNED __attribute__((aligned(4)))
#else
#define MW_ALIGNED
#endif

/* Extents of a convolution or pool over NHWC. The padding is explicit. */
typedef struct {
  int32_t batches;
  int32_t input_height, input_width, input_channels;
  int32_t output_height, output_width, output_channels;
  int32_t filter_height, filter_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left;
} mw_geometry;

/*
 * From 32-bit accumulators to int8, one entry a channel: fixed-point multipliers and shifts with the double rounding of
 * TensorFlow Lite's kernels or, where scales is not NULL, float32 scales with halves to even.
 */
typedef struct {
  const int32_t *bias;
  const int32_t *multipliers;
  const int8_t *shifts;
  const float *scales;
  int32_t zero, min, max;
} mw_requantization;

/* The smaller and the larger of two. */
static inline int32_t mw_min(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t mw_max(int32_t a, int32_t b) { return a > b ? a : b; }

/* A value between two bounds. */
static inline int32_t mw_clamp(int32_t value, int32_t min, int32_t max) { return mw_max(mw_min(value, max), min); }

/* a * b / 2^31, rounded; a and b are never both -2^31 (gemmlowp's SaturatingRoundingDoublingHighMul). */
static inline int32_t mw_high_multiply(int32_t a, int32_t b)
{
  return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* x / 2^exponent, halves away from zero (gemmlowp's RoundingDivideByPOT). */
static inline int32_t mw_rounding_shift(int32_t x, int32_t exponent)
{
  const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1);
  return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0));
}

/* x * multiplier * 2^(shift - 31), rounded twice (TensorFlow Lite's MultiplyByQuantizedMultiplier). */
static inline int32_t mw_fixed_point(int32_t x, int32_t multiplier, int32_t shift)
{
  const int32_t left = mw_max(shift, 0);
  return mw_rounding_shift(mw_high_multiply((int32_t)((uint32_t)x << left), multiplier), left - shift);
}

/* A float32 of less than 2^22, rounded to an integer with halves to even: 1.5 * 2^23 leaves no place for a fraction. */
static inline float mw_round_even(float x) { return (x + 12582912.0f) - 12582912.0f; }

/* The smaller and the larger of two floats; what is not a number stays. */
static inline float mw_cut(float x, float min, float max)
{
  x = x > max ? max : x;
  return x < min ? min : x;
}

/* An accumulator of a channel, bias included, as the output's integer. */
static inline int32_t mw_requantize(const mw_requantization *r, int32_t channel, int32_t accumulator)
{
  if (r->scales) {
    /* Cut before it is rounded: that changes nothing and keeps the number small. */
    const float steps = mw_cut((float)accumulator * r->scales[channel], (float)(r->min - r->zero), (float)(r->max - r->zero));
    return (int32_t)mw_round_even(steps) + r->zero;
  }
  return mw_clamp(mw_fixed_point(accumulator, r->multipliers[channel], r->shifts[channel]) + r->zero, r->min, r->max);
}

/* Taps of a filter of `filter` elements that lie on an image of `length`: [*first, *last). */
static inline void mw_taps(int32_t start, int32_t filter, int32_t dilation, int32_t length, int32_t *first, int32_t *last)
{
  *first = start < 0 ? (-start + dilation - 1) / dilation : 0;
  *last = start >= length ? 0 : mw_min(filter, (length - start + dilation - 1) / dilation);
}

#endif
