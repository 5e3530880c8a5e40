#include "../include/milliwatt.h"

/*
 * Any function of two bytes by its 65,536 results, left * 256 + right. An operand that is broadcast has the index of
 * its byte for every output, otherwise NULL.
 */
MW_KERNEL void mw_pair_table_u8(const uint8_t *left, const int32_t *left_indices, const uint8_t *right,
                                const int32_t *right_indices, uint8_t *output, int32_t count, const uint8_t *table)
{
  for (int32_t i = 0; i < count; i++) {
    const uint32_t a = left[left_indices ? left_indices[i] : i];
    const uint32_t b = right[right_indices ? right_indices[i] : i];
    output[i] = table[a << 8 | b];
  }
}
