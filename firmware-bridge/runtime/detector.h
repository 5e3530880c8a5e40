/* From scores to words: the mean of the last looks, a threshold a word, nothing for a while after a word. */
#ifndef BRIDGE_DETECTOR_H
#define BRIDGE_DETECTOR_H

#include "bridge.h"

/* Begins anew; threshold in 1/255 for all words, 0 for the image's own. */
void detector_reset(uint8_t threshold);

/* Takes the scores of a look and its time in seconds; the label that was spotted, or -1. */
int detector_push(const float *scores, double time_s);

/* Smoothed score of a label. */
float detector_score(int label);

#endif
