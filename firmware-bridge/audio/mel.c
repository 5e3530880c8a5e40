#include "audio/frontend_steps.h"

#if MW_FRONTEND_MAGNITUDE
/* The whole part of a square root, bit by bit from the top. */
static uint32_t square_root(uint64_t value)
{
  uint32_t root = 0;
  for (uint32_t bit = 1u << 26; bit != 0; bit >>= 1) {
    const uint64_t candidate = root | bit;
    if (candidate * candidate <= value) root |= bit;
  }
  return root;
}
#endif

/* Bins 0 and FFT / 2 are in no band. */
static void power(mw_frontend *frontend)
{
  for (int32_t bin = 1; bin < MW_FRONTEND_FFT / 2; bin++) {
    const int32_t re = (frontend->spectrum.part[2 * bin] + (1 << (MW_FRONTEND_BIN_SHIFT - 1))) >> MW_FRONTEND_BIN_SHIFT;
    const int32_t im =
        (frontend->spectrum.part[2 * bin + 1] + (1 << (MW_FRONTEND_BIN_SHIFT - 1))) >> MW_FRONTEND_BIN_SHIFT;
    const uint64_t squares = (uint64_t)((int64_t)re * re + (int64_t)im * im);
#if MW_FRONTEND_MAGNITUDE
    frontend->spectrum.bin[bin] = square_root(squares);
#else
    frontend->spectrum.bin[bin] = squares >> MW_FRONTEND_POWER_SHIFT;
#endif
  }
}

static uint64_t floor_of(const mw_frontend *frontend)
{
  uint64_t floor = MW_FRONTEND_LOG_FLOOR;
  for (int time = 0; time < MW_FRONTEND_PEAK_TIMES; time++) {
    floor = floor * (uint32_t)frontend->peak >> 15;
    if (floor == 0) floor = 1;
  }
  return floor;
}

void mw_frontend_mel(mw_frontend *frontend)
{
  power(frontend);
  const uint64_t floor = floor_of(frontend);
  int32_t unit = MW_FRONTEND_MEL_BITS * 32768;
  if (MW_FRONTEND_PEAK_TIMES) unit += MW_FRONTEND_PEAK_TIMES * (mw_frontend_log2((uint64_t)frontend->peak) - 15 * 32768);
  const int16_t *weight = mw_frontend_weights;
  for (int32_t band = 0; band < MW_FRONTEND_BANDS; band++) {
    uint64_t sum = MW_FRONTEND_ADD_FLOOR ? floor : 0;
    const uint64_t *bin = frontend->spectrum.bin + mw_frontend_band_first[band];
    for (int32_t n = 0; n < mw_frontend_band_count[band]; n++) sum += bin[n] * (uint32_t)*weight++;
    frontend->logs[band] = mw_frontend_log2(sum > floor ? sum : floor) - unit;
  }
}
