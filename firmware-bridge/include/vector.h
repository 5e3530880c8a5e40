/*
 * Sixteen lanes of 32 bits on whatever the machine has: one AVX-512 register, two of AVX2, four of NEON or of a
 * compiler's own vectors. Needs GCC or Clang. -DMILLIWATT_PLAIN keeps it from using a machine's own instructions.
 */
#ifndef MILLIWATT_VECTOR_H
#define MILLIWATT_VECTOR_H

#include "milliwatt.h"

#define MW_INLINE static inline __attribute__((always_inline))

#if defined(MILLIWATT_PLAIN)
#define MW_PART_BYTES 16
#elif defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define MW_PART_BYTES 64
#elif defined(__AVX2__)
#define MW_PART_BYTES 32
#else
#define MW_PART_BYTES 16
#endif

/* Registers that sixteen lanes take. */
#define MW_PARTS (64 / MW_PART_BYTES)

/* A loop over them, unrolled early enough for the compiler to keep each in its register. */
#define MW_EACH_PART _Pragma("GCC unroll 4") for (int i = 0; i < MW_PARTS; i++)

typedef int32_t mw_part_i32 __attribute__((vector_size(MW_PART_BYTES)));
typedef float mw_part_f32 __attribute__((vector_size(MW_PART_BYTES)));

/* Sixteen int32, or sixteen groups of four bytes, or sixteen floats. */
typedef struct {
  mw_part_i32 part[MW_PARTS];
} mw_i32x16;
typedef struct {
  mw_part_f32 part[MW_PARTS];
} mw_f32x16;

/* Sixty-four int8: four runs of sixteen. */
typedef struct {
  int8_t byte[64] __attribute__((aligned(64)));
} mw_s8x64;

#if defined(MILLIWATT_PLAIN)
#include "vector_plain.h"
#elif MW_PART_BYTES == 64
#include "vector_avx512.h"
#elif MW_PART_BYTES == 32
#include "vector_avx2.h"
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include "vector_neon.h"
#else
#include "vector_plain.h"
#endif

/* Where a stored int8 lies when it is multiplied as uint8: MW_FLIP is xored to it, MW_EXCESS thereby added. */
#define MW_FLIP (MW_EXCESS ? 0x80 : 0)

/* Part by part: compilers keep such copies in registers. */
MW_INLINE mw_i32x16 mw_load(const void *from)
{
  mw_i32x16 x;
  MW_EACH_PART memcpy(&x.part[i], (const uint8_t *)from + i * MW_PART_BYTES, MW_PART_BYTES);
  return x;
}

MW_INLINE mw_f32x16 mw_load_f32(const float *from)
{
  mw_f32x16 x;
  MW_EACH_PART memcpy(&x.part[i], (const uint8_t *)from + i * MW_PART_BYTES, MW_PART_BYTES);
  return x;
}

/* Sixteen int8 as int32. */
MW_INLINE mw_i32x16 mw_widen(const int8_t *from)
{
  mw_i32x16 x;
  MW_EACH_PART x.part[i] = mw_part_widen(from + i * MW_PART_BYTES / 4);
  return x;
}

/* Four bytes, sixteen times. */
MW_INLINE mw_i32x16 mw_splat_quad(const uint8_t *from)
{
  int32_t quad;
  memcpy(&quad, from, sizeof quad);
  mw_i32x16 x;
  MW_EACH_PART x.part[i] = (mw_part_i32){0} + quad;
  return x;
}

/* sum + four products a lane: activations (flipped) times weights (int8). */
MW_INLINE mw_i32x16 mw_dot(mw_i32x16 sum, mw_i32x16 activations, mw_i32x16 weights)
{
  MW_EACH_PART sum.part[i] = mw_part_dot(sum.part[i], activations.part[i], weights.part[i]);
  return sum;
}

/* sum + x * y of sixteen floats, rounded twice. */
MW_INLINE mw_i32x16 mw_multiply_add(mw_i32x16 sum, mw_i32x16 x, mw_i32x16 y)
{
  MW_EACH_PART
    sum.part[i] = (mw_part_i32)((mw_part_f32)sum.part[i] + (mw_part_f32)x.part[i] * (mw_part_f32)y.part[i]);
  return sum;
}

/* How a block of sixteen channels is requantised. */
typedef enum {
  MW_FORM_SCALE,  /* round(x * scale) */
  MW_FORM_OFFSET, /* round(x * scale + offset) */
  MW_FORM_SIGNED, /* the offset takes the sign of the product */
  MW_FORM_PATCH,  /* MW_FORM_OFFSET, one more or less at a single accumulator */
  MW_FORM_SIGNED_PATCH,
  MW_FORM_FIXED,  /* fixed point */
} mw_form;

/* Constants of a layer's requantisation, padded to blocks of sixteen channels; what no block's form needs is NULL. */
typedef struct {
  const int32_t *bias;
  const float *scales, *offsets;
  const int32_t *patches, *patched_by;
  const int32_t *multipliers, *shifts;
  const uint8_t *forms;
  int32_t zero, min, max;
} mw_blocks;

MW_INLINE mw_i32x16 mw_requantize_fixed(mw_i32x16 x, const int32_t *multipliers, const int32_t *shifts)
{
  int32_t lanes[16] __attribute__((aligned(64)));
  MW_EACH_PART memcpy((uint8_t *)lanes + i * MW_PART_BYTES, &x.part[i], MW_PART_BYTES);
  for (int i = 0; i < 16; i++) lanes[i] = mw_fixed_point(lanes[i], multipliers[i], shifts[i]);
  return mw_load(lanes);
}

/* A bias whose accumulator is a sum over flipped activations, `sum` being that of the channel's weights. */
#define MW_BIAS(bias, sum) ((bias) - MW_EXCESS * (sum))

/* Sixteen accumulators of a block in steps of the output, without zero point. */
MW_INLINE mw_i32x16 mw_requantize_block(mw_i32x16 x, const mw_blocks *b, int32_t block)
{
  const int32_t at = 16 * block;
  const int form = b->forms[block];
  if (form == MW_FORM_FIXED) return mw_requantize_fixed(x, b->multipliers + at, b->shifts + at);
  const mw_f32x16 scales = mw_load_f32(b->scales + at);
  mw_i32x16 y;
  MW_EACH_PART {
    mw_part_f32 steps = __builtin_convertvector(x.part[i], mw_part_f32) * scales.part[i];
    if (form != MW_FORM_SCALE) {
      mw_part_f32 offset = mw_load_f32(b->offsets + at).part[i];
      if (form == MW_FORM_SIGNED || form == MW_FORM_SIGNED_PATCH)
        offset = (mw_part_f32)((mw_part_i32)offset ^ ((mw_part_i32)steps & INT32_MIN));
      steps += offset;
    }
    y.part[i] = mw_part_round(steps);
    if (form == MW_FORM_PATCH || form == MW_FORM_SIGNED_PATCH)
      y.part[i] += (x.part[i] == mw_load(b->patches + at).part[i]) & mw_load(b->patched_by + at).part[i];
  }
  return y;
}

/* Writes `count` of the sixteen bytes of run `index`. */
MW_INLINE void mw_store_run(int8_t *to, const mw_s8x64 *bytes, int index, int32_t count)
{
  memcpy(to, bytes->byte + 16 * index, count < 16 ? (size_t)count : 16);
}

#endif
