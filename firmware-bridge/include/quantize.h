/* From a float32 to the steps of an integer type. */
#ifndef MILLIWATT_QUANTIZE_H
#define MILLIWATT_QUANTIZE_H

#include "milliwatt.h"

/*
 * The integer of a float: `even` multiplies by `factor` and rounds halves to even, otherwise it divides by it and rounds
 * halves away from zero. What is not a number becomes the zero point.
 */
static inline int32_t mw_quantized(float x, float factor, int even, int32_t zero, int32_t min, int32_t max)
{
  const float steps = mw_cut(even ? x * factor : x / factor, (float)(min - zero), (float)(max - zero));
  if (steps != steps) return zero;
  if (even) return (int32_t)mw_round_even(steps) + zero;
  const int32_t whole = (int32_t)steps;
  return whole + (int32_t)(2 * (steps - (float)whole)) + zero;
}

#endif
