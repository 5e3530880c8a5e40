#include "audio/frontend.h"

#include <string.h>

#include "audio/frontend_steps.h"

void mw_frontend_reset(mw_frontend *frontend)
{
  frontend->filled = 0;
  frontend->peak = 32768;
}

int mw_frontend_push(mw_frontend *frontend, const int16_t *samples, size_t count, size_t *taken, int8_t *column)
{
  const size_t room = MW_FRONTEND_FRAME - frontend->filled;
  *taken = count < room ? count : room;
  memcpy(frontend->samples + frontend->filled, samples, *taken * sizeof *samples);
  frontend->filled += *taken;
  if (frontend->filled < MW_FRONTEND_FRAME) return 0;
  mw_frontend_apply_window(frontend);
  mw_frontend_transform(frontend->spectrum.part);
  mw_frontend_mel(frontend);
  mw_frontend_features(frontend);
  mw_frontend_quantize(frontend->values, column);
  frontend->filled = MW_FRONTEND_FRAME - MW_FRONTEND_HOP;
  memmove(frontend->samples, frontend->samples + MW_FRONTEND_HOP, frontend->filled * sizeof *samples);
  return 1;
}
