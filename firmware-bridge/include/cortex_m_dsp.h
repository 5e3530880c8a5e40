/* Four channels at a time by the DSP extension: two products of 16 bits an instruction. */
#ifndef MILLIWATT_CORTEX_M_DSP_H
#define MILLIWATT_CORTEX_M_DSP_H

#include "milliwatt.h"

/* Four bytes as they lie. */
static inline uint32_t mw_word(const int8_t *bytes)
{
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* Bytes 0 and 2, or 1 and 3, as halves with their sign. */
static inline uint32_t mw_even(uint32_t word)
{
  uint32_t halves;
  __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(word));
  return halves;
}

static inline uint32_t mw_odd(uint32_t word)
{
  uint32_t halves;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
  return halves;
}

/* The same, added to two halves. */
static inline uint32_t mw_add_even(uint32_t to, uint32_t word)
{
  uint32_t halves;
  __asm__("sxtab16 %0, %1, %2" : "=r"(halves) : "r"(to), "r"(word));
  return halves;
}

static inline uint32_t mw_add_odd(uint32_t to, uint32_t word)
{
  uint32_t halves;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(halves) : "r"(to), "r"(word));
  return halves;
}

/* The sum and both products of halves. */
static inline int32_t mw_two_products(uint32_t a, uint32_t b, int32_t sum)
{
  int32_t result;
  __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

/* The sum and the product of the lower, or the upper, halves. */
static inline int32_t mw_low_product(uint32_t a, uint32_t b, int32_t sum)
{
  int32_t result;
  __asm__("smlabb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

static inline int32_t mw_high_product(uint32_t a, uint32_t b, int32_t sum)
{
  int32_t result;
  __asm__("smlatt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

/* -zero in both halves. */
static inline uint32_t mw_minus(int32_t zero) { return ((uint32_t)-zero & UINT32_C(0xffff)) * UINT32_C(0x10001); }

/*
 * Adds to four channels the products of a run and its weights, which lie `stride` apart. A function of its own: the loop
 * needs all registers.
 */
MW_APART void mw_run_s8(const int8_t *x, const int8_t *w, int32_t stride, int32_t count, int32_t zero, int32_t *sums)
{
  const uint32_t minus = mw_minus(zero);
  const int8_t *end = x + (count & ~3), *w2 = w + 2 * stride;
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (; x < end; x += 4, w += 4, w2 += 4) {
    const uint32_t word = mw_word(x), even = mw_add_even(minus, word), odd = mw_add_odd(minus, word);
    uint32_t v = mw_word(w);
    s0 = mw_two_products(odd, mw_odd(v), mw_two_products(even, mw_even(v), s0));
    v = mw_word(w + stride);
    s1 = mw_two_products(odd, mw_odd(v), mw_two_products(even, mw_even(v), s1));
    v = mw_word(w2);
    s2 = mw_two_products(odd, mw_odd(v), mw_two_products(even, mw_even(v), s2));
    v = mw_word(w2 + stride);
    s3 = mw_two_products(odd, mw_odd(v), mw_two_products(even, mw_even(v), s3));
  }
  for (end += count & 3; x < end; x++, w++, w2++) {
    const int32_t value = *x - zero;
    s0 += value * w[0];
    s1 += value * w[stride];
    s2 += value * w2[0];
    s3 += value * w2[stride];
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

/* The same for one channel. */
MW_APART int32_t mw_run_one_s8(const int8_t *x, const int8_t *w, int32_t count, int32_t zero, int32_t sum)
{
  const uint32_t minus = mw_minus(zero);
  const int8_t *end = x + (count & ~3);
  for (; x < end; x += 4, w += 4) {
    const uint32_t word = mw_word(x), v = mw_word(w);
    sum = mw_two_products(mw_add_even(minus, word), mw_even(v), sum);
    sum = mw_two_products(mw_add_odd(minus, word), mw_odd(v), sum);
  }
  for (end += count & 3; x < end; x++, w++) sum += (*x - zero) * *w;
  return sum;
}

/* Accumulators of channels that lie side by side. */
#define MW_LANES 4
typedef struct {
  int32_t of[4];
} mw_lanes;

static inline mw_lanes mw_load_lanes(const int32_t *sums) { return (mw_lanes){{sums[0], sums[1], sums[2], sums[3]}}; }

/* They, each with one product. */
static inline mw_lanes mw_tap_s8(const int8_t *x, const int8_t *w, int32_t zero, mw_lanes sums)
{
  const uint32_t word = mw_word(x), v = mw_word(w), minus = mw_minus(zero);
  const uint32_t even = mw_add_even(minus, word), odd = mw_add_odd(minus, word);
  const uint32_t even_weights = mw_even(v), odd_weights = mw_odd(v);
  return (mw_lanes){{mw_low_product(even, even_weights, sums.of[0]), mw_low_product(odd, odd_weights, sums.of[1]),
                     mw_high_product(even, even_weights, sums.of[2]), mw_high_product(odd, odd_weights, sums.of[3])}};
}

/* Accumulators of `some` channels as the output's integers. */
MW_APART void mw_store_s8(const mw_requantization *r, int32_t channel, const int32_t *sums, int8_t *output, int32_t some)
{
  if (r->scales) {
    for (int32_t i = 0; i < some; i++) output[i] = (int8_t)mw_requantize(r, channel + i, sums[i]);
    return;
  }
  const int32_t *multipliers = r->multipliers + channel;
  const int8_t *shifts = r->shifts + channel;
  const int32_t zero = r->zero, min = r->min, max = r->max;
  for (const int32_t *end = sums + some; sums < end;)
    *output++ = (int8_t)mw_clamp(mw_fixed_point(*sums++, *multipliers++, *shifts++) + zero, min, max);
}

static inline void mw_store_lanes_s8(const mw_requantization *r, int32_t channel, mw_lanes sums, int8_t *output)
{
  mw_store_s8(r, channel, sums.of, output, 4);
}

#endif
