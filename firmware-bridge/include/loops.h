/* What loops over scalars call: functions that C has not got, or that it does not define for every number. */
#ifndef MILLIWATT_LOOPS_H
#define MILLIWATT_LOOPS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline int32_t mw_clz_i32(int32_t x)
{
  uint32_t bits = (uint32_t)x;
  int32_t count = 32;
  while (bits != 0) {
    bits >>= 1;
    count--;
  }
  return count;
}

static inline int64_t mw_bits_i64(double x)
{
  int64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double mw_bits_f64(int64_t bits)
{
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline int32_t mw_bits_i32(float x)
{
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float mw_bits_f32(int32_t bits)
{
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline double mw_min_f64(double a, double b)
{
  if (a != a || b != b) return a + b;
  return a < b || (a == b && signbit(a)) ? a : b;
}

static inline double mw_max_f64(double a, double b)
{
  if (a != a || b != b) return a + b;
  return a > b || (a == b && !signbit(a)) ? a : b;
}

static inline float mw_min_f32(float a, float b)
{
  if (a != a || b != b) return a + b;
  return a < b || (a == b && signbit(a)) ? a : b;
}

static inline float mw_max_f32(float a, float b)
{
  if (a != a || b != b) return a + b;
  return a > b || (a == b && !signbit(a)) ? a : b;
}

static inline int32_t mw_cut_i32(double x)
{
  if (x != x) return 0;
  if (x <= -2147483648.0) return INT32_MIN;
  return x >= 2147483647.0 ? INT32_MAX : (int32_t)x;
}

static inline int64_t mw_cut_i64(double x)
{
  if (x != x) return 0;
  if (x <= -9223372036854775808.0) return INT64_MIN;
  return x >= 9223372036854775808.0 ? INT64_MAX : (int64_t)x;
}

#endif
