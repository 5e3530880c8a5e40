#include "audio/frontend_steps.h"

void mw_frontend_quantize(const int16_t *values, int8_t *column)
{
  const int64_t half = (int64_t)1 << (MW_FRONTEND_INPUT_SHIFT - 1);
  for (int32_t k = 0; k < MW_FRONTEND_VALUES; k++) {
    const int64_t product = (int64_t)values[k] * MW_FRONTEND_INPUT_MULTIPLIER;
    int64_t step = ((product + half) >> MW_FRONTEND_INPUT_SHIFT) + MW_FRONTEND_INPUT_ZERO_POINT;
    if (step < MW_FRONTEND_INPUT_LOW) step = MW_FRONTEND_INPUT_LOW;
    if (step > MW_FRONTEND_INPUT_HIGH) step = MW_FRONTEND_INPUT_HIGH;
    column[k] = (int8_t)(uint8_t)step;
  }
}
