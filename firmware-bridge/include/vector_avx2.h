/* vector.h on AVX2: uint8 times int8, by AVX-VNNI where the machine has it. */
#include <immintrin.h>

#define MW_EXCESS 128

#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))
#define MW_ACCUMULATORS 6

MW_INLINE mw_part_i32 mw_part_dot(mw_part_i32 sum, mw_part_i32 activations, mw_part_i32 weights)
{
#if defined(__AVXVNNI__)
  return (mw_part_i32)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)activations, (__m256i)weights);
#else
  return (mw_part_i32)_mm256_dpbusd_epi32((__m256i)sum, (__m256i)activations, (__m256i)weights);
#endif
}
#else
#define MW_ACCUMULATORS 3

/* Bytes in even and odd places apart, as int16: the products of two bytes at once would saturate. */
MW_INLINE mw_part_i32 mw_part_dot(mw_part_i32 sum, mw_part_i32 activations, mw_part_i32 weights)
{
  const __m256i a = (__m256i)activations, w = (__m256i)weights;
  const __m256i even = _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi16(255)),
                                         _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8));
  const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(a, 8), _mm256_srai_epi16(w, 8));
  return sum + (mw_part_i32)_mm256_add_epi32(even, odd);
}
#endif

MW_INLINE mw_part_i32 mw_part_widen(const int8_t *from)
{
  return (mw_part_i32)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
}

MW_INLINE mw_part_i32 mw_part_round(mw_part_f32 x) { return (mw_part_i32)_mm256_cvtps_epi32((__m256)x); }

/* Thirty-two steps as int8, in order. */
MW_INLINE __m256i mw_narrow_two(mw_i32x16 a, mw_i32x16 b, int32_t zero, int32_t min, int32_t max)
{
  const __m256i zeros = _mm256_set1_epi16((int16_t)zero);
  const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32((__m256i)a.part[0], (__m256i)a.part[1]), zeros);
  const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32((__m256i)b.part[0], (__m256i)b.part[1]), zeros);
  __m256i bytes =
      _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  bytes = _mm256_max_epi8(bytes, _mm256_set1_epi8((char)min));
  return _mm256_min_epi8(bytes, _mm256_set1_epi8((char)max));
}

/* Four times sixteen steps as int8, zero point added and cut. */
MW_INLINE mw_s8x64 mw_narrow(const mw_i32x16 x[4], int32_t zero, int32_t min, int32_t max)
{
  const __m256i low = mw_narrow_two(x[0], x[1], zero, min, max);
  const __m256i high = mw_narrow_two(x[2], x[3], zero, min, max);
  mw_s8x64 result;
  memcpy(result.byte, &low, sizeof low);
  memcpy(result.byte + 32, &high, sizeof high);
  return result;
}

/* Bytes 0..15 of four rows, flipped, as sixteen groups of four. */
MW_INLINE void mw_interleave(uint8_t *to, const int8_t *const rows[4])
{
  __m128i r[4];
  for (int i = 0; i < 4; i++)
    r[i] = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)rows[i]), _mm_set1_epi8((char)0x80));
  const __m128i low[2] = {_mm_unpacklo_epi8(r[0], r[1]), _mm_unpacklo_epi8(r[2], r[3])};
  const __m128i high[2] = {_mm_unpackhi_epi8(r[0], r[1]), _mm_unpackhi_epi8(r[2], r[3])};
  const __m128i quads[4] = {_mm_unpacklo_epi16(low[0], low[1]), _mm_unpackhi_epi16(low[0], low[1]),
                            _mm_unpacklo_epi16(high[0], high[1]), _mm_unpackhi_epi16(high[0], high[1])};
  memcpy(to, quads, sizeof quads);
}
