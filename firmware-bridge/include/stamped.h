/* Times the layers of a model on the machine that it is built on: a clock that costs little, read between them. */
#ifndef MILLIWATT_STAMPED_H
#define MILLIWATT_STAMPED_H

#include <stdint.h>

#if defined(_WIN32)
#include <windows.h>

static inline int64_t mw_now_ns(void)
{
  LARGE_INTEGER ticks, hertz;
  QueryPerformanceFrequency(&hertz);
  QueryPerformanceCounter(&ticks);
  return (int64_t)(1e9 * (double)ticks.QuadPart / (double)hertz.QuadPart);
}
#else
#include <time.h>

static inline int64_t mw_now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return INT64_C(1000000000) * now.tv_sec + now.tv_nsec;
}
#endif

/*
 * Defines MODEL_run_stamped, which runs `layers` layers in order: stamps[i] is when layer i began and stamps[layers] when
 * the last one ended, in nanoseconds; stamps[layers + 1] is read right after that.
 */
#define MW_STAMPED(model)                                                       \
  void model##_run_stamped(void *arena, int32_t layers, int64_t *stamps)        \
  {                                                                             \
    stamps[0] = mw_now_ns();                                                    \
    for (int32_t layer = 0; layer < layers; layer++) {                          \
      model##_run_layer(arena, layer);                                          \
      stamps[layer + 1] = mw_now_ns();                                          \
    }                                                                           \
    stamps[layers + 1] = mw_now_ns();                                           \
  }

#endif
