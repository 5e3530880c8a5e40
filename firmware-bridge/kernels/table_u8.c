#include "../include/milliwatt.h"

/* Any function of one byte by its 256 results. */
MW_KERNEL void mw_table_u8(const uint8_t *input, uint8_t *output, int32_t count, const uint8_t *table)
{
  for (int32_t i = 0; i < count; i++) output[i] = table[input[i]];
}
