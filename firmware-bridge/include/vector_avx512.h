/* vector.h on AVX-512 with VNNI: uint8 times int8. */
#include <immintrin.h>

#define MW_EXCESS 128
#define MW_ACCUMULATORS 24

MW_INLINE mw_part_i32 mw_part_dot(mw_part_i32 sum, mw_part_i32 activations, mw_part_i32 weights)
{
  return (mw_part_i32)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)activations, (__m512i)weights);
}

MW_INLINE mw_part_i32 mw_part_widen(const int8_t *from)
{
  return (mw_part_i32)_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
}

MW_INLINE mw_part_i32 mw_part_round(mw_part_f32 x) { return (mw_part_i32)_mm512_cvtps_epi32((__m512)x); }

/* Four times sixteen steps as int8, zero point added and cut. */
MW_INLINE mw_s8x64 mw_narrow(const mw_i32x16 x[4], int32_t zero, int32_t min, int32_t max)
{
  const __m512i zeros = _mm512_set1_epi16((int16_t)zero);
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32((__m512i)x[0].part[0], (__m512i)x[1].part[0]), zeros);
  const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32((__m512i)x[2].part[0], (__m512i)x[3].part[0]), zeros);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(low, high));
  if (min > -128) bytes = _mm512_max_epi8(bytes, _mm512_set1_epi8((char)min));
  if (max < 127) bytes = _mm512_min_epi8(bytes, _mm512_set1_epi8((char)max));
  mw_s8x64 result;
  memcpy(&result, &bytes, sizeof result);
  return result;
}

MW_INLINE __m128i mw_load_s8x16(const int8_t *from) { return _mm_loadu_si128((const __m128i *)(const void *)from); }

/* Bytes 0..15 of four rows, flipped, as sixteen groups of four. */
MW_INLINE void mw_interleave(uint8_t *to, const int8_t *const rows[4])
{
#if defined(__AVX512VBMI__)
  const __m512i order = _mm512_set_epi8(63, 47, 31, 15, 62, 46, 30, 14, 61, 45, 29, 13, 60, 44, 28, 12, 59, 43, 27, 11, 58,
                                        42, 26, 10, 57, 41, 25, 9, 56, 40, 24, 8, 55, 39, 23, 7, 54, 38, 22, 6, 53, 37, 21,
                                        5, 52, 36, 20, 4, 51, 35, 19, 3, 50, 34, 18, 2, 49, 33, 17, 1, 48, 32, 16, 0);
  __m512i x = _mm512_castsi128_si512(mw_load_s8x16(rows[0]));
  x = _mm512_inserti32x4(x, mw_load_s8x16(rows[1]), 1);
  x = _mm512_inserti32x4(x, mw_load_s8x16(rows[2]), 2);
  x = _mm512_permutexvar_epi8(order, _mm512_inserti32x4(x, mw_load_s8x16(rows[3]), 3));
#else
  const __m128i a = mw_load_s8x16(rows[0]), b = mw_load_s8x16(rows[1]), c = mw_load_s8x16(rows[2]), d = mw_load_s8x16(rows[3]);
  const __m128i ab = _mm_unpacklo_epi8(a, b), cd = _mm_unpacklo_epi8(c, d);
  const __m128i ab_high = _mm_unpackhi_epi8(a, b), cd_high = _mm_unpackhi_epi8(c, d);
  __m512i x = _mm512_castsi128_si512(_mm_unpacklo_epi16(ab, cd));
  x = _mm512_inserti32x4(x, _mm_unpackhi_epi16(ab, cd), 1);
  x = _mm512_inserti32x4(x, _mm_unpacklo_epi16(ab_high, cd_high), 2);
  x = _mm512_inserti32x4(x, _mm_unpackhi_epi16(ab_high, cd_high), 3);
#endif
  _mm512_storeu_si512(to, _mm512_xor_si512(x, _mm512_set1_epi8((char)0x80)));
}
