/* The steps of the front end, each in a file of its own. */
#ifndef MILLIWATT_FRONTEND_STEPS_H
#define MILLIWATT_FRONTEND_STEPS_H

#include "audio/frontend.h"

extern const int16_t mw_frontend_window[MW_FRONTEND_FRAME];
extern const int16_t mw_frontend_sines[3 * MW_FRONTEND_FFT / 4];
extern const int16_t mw_frontend_band_first[MW_FRONTEND_BANDS];
extern const int16_t mw_frontend_band_count[MW_FRONTEND_BANDS];
extern const int16_t mw_frontend_weights[];
extern const uint16_t mw_frontend_log_table[129];
extern const int16_t mw_frontend_cepstrum[];

/* Windowed samples into the transform, in the order of reversed bits. */
void mw_frontend_apply_window(mw_frontend *frontend);
/* The transform in place: twice the spectrum of the samples, bins 1 to FFT / 2 - 1. */
void mw_frontend_transform(int32_t *part);
/* Power or magnitude of every bin, and the logarithms of the mel bands, with 15 fraction bits and to the base of 2. */
void mw_frontend_mel(mw_frontend *frontend);
/* log2 of 1 to 2^53, with 15 fraction bits. */
int32_t mw_frontend_log2(uint64_t value);
/* Logarithms into features, with 8 fraction bits. */
void mw_frontend_features(mw_frontend *frontend);
/* Features as the net's input takes them. */
void mw_frontend_quantize(const int16_t *values, int8_t *column);

#endif
