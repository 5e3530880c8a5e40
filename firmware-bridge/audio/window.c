#include "audio/frontend_steps.h"

/* Where pair `index` of FFT / 2 pairs goes: its bits reversed. */
static uint32_t reversed(uint32_t index)
{
  uint32_t place = 0;
  for (uint32_t count = MW_FRONTEND_FFT / 2; count > 1; count >>= 1) {
    place = place << 1 | (index & 1);
    index >>= 1;
  }
  return place;
}

static int32_t windowed(const int16_t *samples, uint32_t n)
{
  if (n >= MW_FRONTEND_FRAME) return 0;
  return (samples[n] * mw_frontend_window[n] + (1 << (MW_FRONTEND_WINDOW_SHIFT - 1))) >> MW_FRONTEND_WINDOW_SHIFT;
}

void mw_frontend_apply_window(mw_frontend *frontend)
{
  for (uint32_t pair = 0; pair < MW_FRONTEND_FFT / 2; pair++) {
    int32_t *place = frontend->spectrum.part + 2 * reversed(pair);
    place[0] = windowed(frontend->samples, 2 * pair);
    place[1] = windowed(frontend->samples, 2 * pair + 1);
  }
}
