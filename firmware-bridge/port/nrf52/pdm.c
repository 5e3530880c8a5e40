/* A digital microphone on the nRF52's PDM input, at 16 kHz. */
#include "../port.h"
#include "board.h"
#include "heard.h"
#include "nrf52.h"
#include "vectors.h"

/* Started a block: time to name the next. */
void audio_handler(void)
{
  PDM_STARTED = 0;
  PDM_POINTER = (uint32_t)(uintptr_t)heard_next();
}

static void start(void)
{
  heard_start();
  GPIO_CONFIG(BOARD_MICROPHONE_POWER) = GPIO_OUTPUT | GPIO_STRONG;
  GPIO_SET(BOARD_MICROPHONE_POWER) = UINT32_C(1) << BOARD_MICROPHONE_POWER % 32;
  GPIO_CONFIG(BOARD_MICROPHONE_CLOCK) = GPIO_OUTPUT;
  GPIO_CONFIG(BOARD_MICROPHONE_DATA) = 0;
  PDM_PIN_CLOCK = BOARD_MICROPHONE_CLOCK;
  PDM_PIN_DATA = BOARD_MICROPHONE_DATA;
  PDM_CLOCK = PDM_1280_KHZ;
  PDM_RATIO = PDM_RATIO_80;
  PDM_MODE = PDM_MONO;
  PDM_GAIN_LEFT = PDM_GAIN_RIGHT = PDM_PLUS_20_DB;
  PDM_POINTER = (uint32_t)(uintptr_t)heard_next();
  PDM_COUNT = HEARD_BLOCK;
  PDM_STARTED = 0;
  PDM_INTENSET = PDM_STARTED_INTERRUPT;
  interrupt_enable(PDM_INTERRUPT);
  PDM_ENABLE = 1;
  PDM_START = 1;
}

int port_audio(int on)
{
  if (on && !PDM_ENABLE) start();
  if (on) return 1;
  if (PDM_ENABLE) {
    PDM_STOPPED = 0;
    PDM_STOP = 1;
    while (!PDM_STOPPED) {
    }
  }
  PDM_ENABLE = 0;
  GPIO_CLEAR(BOARD_MICROPHONE_POWER) = UINT32_C(1) << BOARD_MICROPHONE_POWER % 32;
  return 1;
}
