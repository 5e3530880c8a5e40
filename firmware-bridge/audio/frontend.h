/*
 * From sound to what a net takes, in whole numbers and hop by hop: window, FFT, mel bands, logarithm, DCT. Bit for bit
 * what milliwatt computes on the host. Its sizes are in frontend_config.h and its tables in frontend_tables.c, which
 * milliwatt writes for the net.
 */
#ifndef MILLIWATT_FRONTEND_H
#define MILLIWATT_FRONTEND_H

#include <stddef.h>
#include <stdint.h>

#include "frontend_config.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  /* Highest sample of the clip, 1 to 32768; looked at only where the net's features are normalised by it. */
  int32_t peak;
  /* The last column, with 8 fraction bits: value / 256 is the feature. */
  int16_t values[MW_FRONTEND_VALUES];
  /* The rest is the front end's own. */
  int16_t samples[MW_FRONTEND_FRAME];
  size_t filled;
  union {
    int32_t part[MW_FRONTEND_FFT];
    uint64_t bin[MW_FRONTEND_FFT / 2];
  } spectrum;
  int32_t logs[MW_FRONTEND_BANDS];
} mw_frontend;

/* Begins anew: to be called before the first samples. */
void mw_frontend_reset(mw_frontend *frontend);

/*
 * Takes samples up to the one that ends a frame and says in `taken` how many. 1 when it wrote a column of
 * MW_FRONTEND_VALUES numbers as the net's input takes them (of unsigned inputs their bits), 0 when samples are missing.
 */
int mw_frontend_push(mw_frontend *frontend, const int16_t *samples, size_t count, size_t *taken, int8_t *column);

#ifdef __cplusplus
}
#endif

#endif
