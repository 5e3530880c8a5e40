#include "detector.h"

#include <string.h>

enum { LABELS = 32, LOOKS = 8 };

/* A word is told again only after its score was below its threshold. */
static uint8_t armed[LABELS];
static float history[LOOKS][LABELS], smoothed[LABELS], thresholds[LABELS];
static uint32_t pushed;
static double quiet_until_s;

static int labels(void)
{
  const int count = bridge_this.listener->label_count;
  return count < LABELS ? count : LABELS;
}

static int looks(void)
{
  const int count = bridge_this.listener->smoothing;
  return count < LOOKS ? count : LOOKS;
}

void detector_reset(uint8_t threshold)
{
  memset(history, 0, sizeof history);
  memset(armed, 1, sizeof armed);
  pushed = 0;
  quiet_until_s = -1;
  for (int label = 0; label < labels(); label++) {
    const float own = bridge_this.listener->thresholds[label];
    thresholds[label] = threshold > 0 && own <= 1 ? (float)(threshold / 255.0) : own;
  }
}

/* In double, as the host computes it. */
static double margin(int label) { return (double)smoothed[label] - (double)thresholds[label]; }

int detector_push(const float *scores, double time_s)
{
  memcpy(history[pushed++ % (uint32_t)looks()], scores, (size_t)labels() * sizeof *scores);
  int best = -1;
  for (int label = 0; label < labels(); label++) {
    double sum = 0;
    for (int look = 0; look < looks(); look++) sum += (double)history[look][label];
    smoothed[label] = (float)(sum / looks());
    if (margin(label) < 0) armed[label] = 1;
    else if (armed[label] && (best < 0 || margin(label) > margin(best))) best = label;
  }
  if (best < 0 || time_s < quiet_until_s) return -1;
  armed[best] = 0;
  quiet_until_s = time_s + bridge_this.listener->refractory_s;
  return best;
}

float detector_score(int label) { return smoothed[label]; }
