#include "audio/frontend_steps.h"

/* Place of the highest bit, from 0 on. */
static int32_t exponent_of(uint64_t value)
{
  int32_t exponent = 0;
  uint32_t word = (uint32_t)value;
  if (value >> 32) {
    exponent = 32;
    word = (uint32_t)(value >> 32);
  }
  for (int32_t step = 16; step > 0; step >>= 1) {
    if (word >> step == 0) continue;
    exponent += step;
    word >>= step;
  }
  return exponent;
}

int32_t mw_frontend_log2(uint64_t value)
{
  const int32_t exponent = exponent_of(value);
  const uint32_t mantissa = (uint32_t)(exponent > 16 ? value >> (exponent - 16) : value << (16 - exponent));
  const int32_t fraction = (int32_t)(mantissa & 0xffff);
  const int32_t start = mw_frontend_log_table[fraction >> 9];
  const int32_t rise = mw_frontend_log_table[(fraction >> 9) + 1] - start;
  return exponent * 32768 + start + ((rise * (fraction & 511) + 256) >> 9);
}
