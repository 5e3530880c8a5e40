/* vector.h by the compiler's own vectors. */
#define MW_EXCESS 0
#define MW_ACCUMULATORS 2

MW_INLINE mw_part_i32 mw_part_dot(mw_part_i32 sum, mw_part_i32 activations, mw_part_i32 weights)
{
  typedef uint32_t bits __attribute__((vector_size(MW_PART_BYTES)));
  for (int left = 0; left < 32; left += 8)
    sum += ((mw_part_i32)((bits)activations << left) >> 24) * ((mw_part_i32)((bits)weights << left) >> 24);
  return sum;
}

MW_INLINE mw_part_i32 mw_part_widen(const int8_t *from)
{
  mw_part_i32 x;
  for (int i = 0; i < MW_PART_BYTES / 4; i++) x[i] = from[i];
  return x;
}

/* Halves to even; what is far out of reach is cut where an int8 does not notice. */
MW_INLINE mw_part_i32 mw_part_round(mw_part_f32 x)
{
  mw_part_i32 y;
  for (int i = 0; i < MW_PART_BYTES / 4; i++) y[i] = (int32_t)mw_round_even(mw_cut(x[i], -1e6f, 1e6f));
  return y;
}

/* Four times sixteen steps as int8, zero point added and cut. */
MW_INLINE mw_s8x64 mw_narrow(const mw_i32x16 x[4], int32_t zero, int32_t min, int32_t max)
{
  int32_t lanes[64];
  memcpy(lanes, x, sizeof lanes);
  mw_s8x64 result;
  for (int i = 0; i < 64; i++) result.byte[i] = (int8_t)mw_clamp(lanes[i] + zero, min, max);
  return result;
}

/* Bytes 0..15 of four rows as sixteen groups of four. */
MW_INLINE void mw_interleave(uint8_t *to, const int8_t *const rows[4])
{
  for (int i = 0; i < 16; i++)
    for (int row = 0; row < 4; row++) to[4 * i + row] = (uint8_t)rows[row][i];
}
