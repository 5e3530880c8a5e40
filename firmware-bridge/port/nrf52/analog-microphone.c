/* A microphone on an input of the nRF52's converter, at 16 kHz. */
#include "../port.h"
#include "board.h"
#include "heard.h"
#include "nrf52.h"
#include "vectors.h"

/* Cycles of 16 MHz a sample; of 14 bits, signed. */
enum { CYCLES = 1000, TO_16_BITS = 2, SETTLE_SHIFT = 9 };

/* The voltage that the microphone rests at, in 2^9ths of a sample. */
static int32_t rest;
static int16_t *filling;
static int settled;

/* Takes a block's rest away: a high pass at about 5 Hz. */
static void centre(int16_t *samples)
{
  if (!settled) rest = (int32_t)samples[0] << SETTLE_SHIFT;
  settled = 1;
  for (int i = 0; i < HEARD_BLOCK; i++) {
    const int32_t swing = samples[i] - (rest >> SETTLE_SHIFT);
    rest += swing;
    const int32_t loud = swing << TO_16_BITS;
    samples[i] = (int16_t)(loud > INT16_MAX ? INT16_MAX : loud < INT16_MIN ? INT16_MIN : loud);
  }
}

void audio_handler(void)
{
  static int16_t *next;
  if (SAADC_END) {
    SAADC_END = 0;
    /* The buffer that was named when this one began. */
    SAADC_START = 1;
    centre(filling);
    filling = next;
  }
  if (SAADC_STARTED) {
    SAADC_STARTED = 0;
    next = heard_next();
    SAADC_POINTER = (uint32_t)(uintptr_t)next;
  }
}

static void start(void)
{
  heard_start();
  settled = 0;
  GPIO_CONFIG(BOARD_MICROPHONE_POWER) = GPIO_OUTPUT | GPIO_STRONG_HIGH;
  GPIO_SET(BOARD_MICROPHONE_POWER) = UINT32_C(1) << BOARD_MICROPHONE_POWER % 32;
  SAADC_CH0_PIN = BOARD_MICROPHONE_INPUT + 1;
  SAADC_CH0_CONFIG = SAADC_OF_150_MV;
  SAADC_RESOLUTION = SAADC_14_BITS;
  SAADC_RATE = SAADC_BY_TIMER | CYCLES;
  filling = heard_next();
  SAADC_POINTER = (uint32_t)(uintptr_t)filling;
  SAADC_COUNT = HEARD_BLOCK;
  SAADC_STARTED = SAADC_END = 0;
  SAADC_INTENSET = SAADC_STARTED_INTERRUPT | SAADC_END_INTERRUPT;
  interrupt_enable(SAADC_INTERRUPT);
  SAADC_ENABLE = 1;
  SAADC_START = 1;
  SAADC_SAMPLE = 1;
}

int port_audio(int on)
{
  if (on && !SAADC_ENABLE) start();
  if (on) return 1;
  SAADC_INTENCLR = SAADC_STARTED_INTERRUPT | SAADC_END_INTERRUPT;
  SAADC_STOPPED = 0;
  SAADC_STOP = 1;
  while (SAADC_ENABLE && !SAADC_STOPPED) {
  }
  SAADC_ENABLE = 0;
  GPIO_CLEAR(BOARD_MICROPHONE_POWER) = UINT32_C(1) << BOARD_MICROPHONE_POWER % 32;
  return 1;
}
