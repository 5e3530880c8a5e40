#include "audio/frontend_steps.h"

enum { PAIRS = MW_FRONTEND_FFT / 2 };

/* floor(a * w / 2^15): in one long product where the core has one, else in two short ones. */
static inline int32_t times(int32_t a, int32_t w)
{
#if defined(__ARM_ARCH_6M__) || defined(MILLIWATT_SHORT_PRODUCTS)
  return (a >> 16) * w * 2 + (((a & 0xffff) * w) >> 15);
#else
  return (int32_t)(((int64_t)a * w) >> 15);
#endif
}

static inline void butterfly(int32_t *a, int32_t *b, int32_t cosine, int32_t sine)
{
  const int32_t re = times(b[0], cosine) + times(b[1], sine);
  const int32_t im = times(b[1], cosine) - times(b[0], sine);
  b[0] = a[0] - re;
  b[1] = a[1] - im;
  a[0] += re;
  a[1] += im;
}

/* Of the transform of pairs of real samples makes twice the spectrum of the samples. */
static void split(int32_t *part)
{
  for (int32_t k = 1; k <= PAIRS / 2; k++) {
    int32_t *a = part + 2 * k;
    int32_t *b = part + 2 * (PAIRS - k);
    const int32_t even_re = a[0] + b[0];
    const int32_t even_im = a[1] - b[1];
    const int32_t odd_re = a[1] + b[1];
    const int32_t odd_im = b[0] - a[0];
    const int32_t cosine = mw_frontend_sines[k + PAIRS / 2];
    const int32_t sine = mw_frontend_sines[k];
    const int32_t re = times(odd_re, cosine) + times(odd_im, sine);
    const int32_t im = times(odd_im, cosine) - times(odd_re, sine);
    b[0] = even_re - re;
    b[1] = im - even_im;
    a[0] = even_re + re;
    a[1] = even_im + im;
  }
}

void mw_frontend_transform(int32_t *part)
{
  for (int32_t half = 1; half < PAIRS; half *= 2) {
    const int32_t stride = PAIRS / half;
    for (int32_t k = 0; k < half; k++) {
      const int32_t sine = mw_frontend_sines[k * stride];
      const int32_t cosine = mw_frontend_sines[k * stride + PAIRS / 2];
      for (int32_t a = 2 * k; a < 2 * PAIRS; a += 4 * half) butterfly(part + a, part + a + 2 * half, cosine, sine);
    }
  }
  split(part);
}
