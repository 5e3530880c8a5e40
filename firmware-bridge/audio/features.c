#include "audio/frontend_steps.h"

/* Fraction bits of a product beyond those of a feature. */
enum { SPARE_BITS = 15 + MW_FRONTEND_CEPSTRUM_BITS - 8 };

static int16_t rounded(int64_t sum)
{
  const int64_t value = (sum + ((int64_t)1 << (SPARE_BITS - 1))) >> SPARE_BITS;
  if (value > INT16_MAX) return INT16_MAX;
  return value < INT16_MIN ? INT16_MIN : (int16_t)value;
}

void mw_frontend_features(mw_frontend *frontend)
{
  const int32_t *logs = frontend->logs;
  for (int32_t k = 0; k < MW_FRONTEND_VALUES; k++) {
#if MW_FRONTEND_DCT
    const int16_t *row = mw_frontend_cepstrum + k * MW_FRONTEND_BANDS;
    int64_t sum = 0;
    for (int32_t n = 0; n < MW_FRONTEND_BANDS; n++) sum += (int64_t)logs[n] * row[n];
    frontend->values[k] = rounded(sum);
#else
    frontend->values[k] = rounded((int64_t)logs[k] * mw_frontend_cepstrum[0]);
#endif
  }
}
