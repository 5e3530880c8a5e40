/* e^t in double, by the same steps on every machine. */
#ifndef MILLIWATT_EXPONENTIAL_H
#define MILLIWATT_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/*
 * e^t, relative error about 2^-52: 2^k * e^r with k = round(t / ln 2) and Taylor's series of e^r. Beyond [-700, 709] t is
 * cut, which makes no difference in float32.
 */
static inline double mw_exponential(double t)
{
  static const double inverse_factorials[] = {
      1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
      1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0,         1.0,
  };
  const double magic = 6755399441055744.0;
  t = t < -700 ? -700 : t;
  t = t > 709 ? 709 : t;
  if (t != t) return t;
  const double k = (t * 1.4426950408889634 + magic) - magic;
  /* The first part of ln 2 has zeros behind its first 33 bits, so that the product is exact. */
  const double r = t - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
  double sum = inverse_factorials[0];
  for (int n = 1; n < 14; n++) sum = sum * r + inverse_factorials[n];
  const uint64_t bits = (uint64_t)((int64_t)k + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return sum * power;
}

#endif
