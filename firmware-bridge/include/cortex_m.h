/* Instructions of Arm's microcontrollers that kernels are made faster with; MILLIWATT_PLAIN asks for plain C. */
#ifndef MILLIWATT_CORTEX_M_H
#define MILLIWATT_CORTEX_M_H

#include "milliwatt.h"

#if !defined(MILLIWATT_PLAIN) && defined(__GNUC__) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#if defined(__ARM_FEATURE_MVE)
#define MW_MVE 1
#elif defined(__ARM_FEATURE_DSP)
#define MW_DSP 1
#endif
#endif

/* What is called rather than put in its place. */
#define MW_APART static __attribute__((noinline, unused))

#if defined(MW_MVE)
#include "cortex_m_mve.h"
#elif defined(MW_DSP)
#include "cortex_m_dsp.h"
#endif

#if defined(MW_MVE) || defined(MW_DSP)

/* Filters of at most so many bytes are gathered into one run. */
#define MW_COLUMN_BYTES 64

/* A place of a filter on the image: where it begins, and its taps that are not on the padding. */
typedef struct {
  int32_t iy, ix, top, bottom, left, right;
} mw_place;

static inline mw_place mw_place_of(const mw_geometry *g, int32_t oy, int32_t ox)
{
  mw_place p = {oy * g->stride_height - g->pad_top, ox * g->stride_width - g->pad_left, 0, 0, 0, 0};
  mw_taps(p.iy, g->filter_height, g->dilation_height, g->input_height, &p.top, &p.bottom);
  mw_taps(p.ix, g->filter_width, g->dilation_width, g->input_width, &p.left, &p.right);
  return p;
}

/* Where a tap of the filter lies on the image, in pixels. */
static inline int32_t mw_pixel(const mw_geometry *g, const mw_place *p, int32_t ky, int32_t kx)
{
  return (p->iy + ky * g->dilation_height) * g->input_width + p->ix + kx * g->dilation_width;
}

/* A run for the first `some` of four channels. */
static inline void mw_run_some_s8(const int8_t *x, const int8_t *w, int32_t stride, int32_t count, int32_t zero, int32_t *sums,
                                  int32_t some)
{
  if (some == 4) mw_run_s8(x, w, stride, count, zero, sums);
  else
    for (int32_t i = 0; i < some; i++) sums[i] = mw_run_one_s8(x, w + i * stride, count, zero, sums[i]);
}

#endif

#endif
