/* Pins of a board with an nRF52, by the table in its board.h. */
#include "../port.h"
#include "board.h"
#include "nrf52.h"
#include "pins.h"

/* A pin: its number in the chip, its input of the converter or -1, and what it is good for besides. */
typedef struct {
  uint8_t number;
  int8_t input;
  uint8_t modes;
} board_pin;

enum {
  BOTH = PORT_PIN_INPUT | PORT_PIN_OUTPUT | PORT_PIN_PULLUP,
  READ = PORT_PIN_INPUT | PORT_PIN_PULLUP,
  WRITTEN = PORT_PIN_OUTPUT,
  TAKEN = 0,
};

static const board_pin pins[] = {BOARD_PINS};

const uint8_t port_pins = sizeof pins / sizeof *pins;
const uint8_t port_led = BOARD_LED_PIN;

int port_pin_modes(int pin)
{
  if (pin == BOARD_MARK_PIN) return PORT_PIN_OUTPUT;
  return pins[pin].modes | (pins[pin].input >= 0 ? PORT_PIN_ANALOG : 0);
}

void port_pin_mode(int pin, int mode)
{
  const uint32_t configs[] = {
      [PORT_PIN_INPUT] = 0,
      [PORT_PIN_OUTPUT] = GPIO_OUTPUT | GPIO_STRONG,
      [PORT_PIN_PULLUP] = GPIO_PULLUP,
      [PORT_PIN_ANALOG] = GPIO_NO_INPUT,
  };
  if (port_pin_modes(pin) & mode) GPIO_CONFIG(pins[pin].number) = configs[mode];
}

void port_pin_write(int pin, int level)
{
  const unsigned number = pins[pin].number;
  const int low = pin >= BOARD_LOW_LED_FIRST ? level : !level;
  if (!(port_pin_modes(pin) & PORT_PIN_OUTPUT)) return;
  if (low) GPIO_CLEAR(number) = UINT32_C(1) << number % 32;
  else GPIO_SET(number) = UINT32_C(1) << number % 32;
}

int port_pin_read(int pin) { return GPIO_IN(pins[pin].number) >> pins[pin].number % 32 & 1; }

void pins_setup(void)
{
#ifdef BOARD_LED_RETURN
  GPIO_CLEAR(BOARD_LED_RETURN) = UINT32_C(1) << BOARD_LED_RETURN % 32;
  GPIO_CONFIG(BOARD_LED_RETURN) = GPIO_OUTPUT;
#endif
  for (int pin = 0; pin < port_pins; pin++) {
    if (port_pin_modes(pin) != PORT_PIN_OUTPUT) continue;
    port_pin_write(pin, 0);
    port_pin_mode(pin, PORT_PIN_OUTPUT);
  }
}

void port_mark(int level) { port_pin_write(BOARD_MARK_PIN, level); }

/* 0 while a microphone has the converter. */
int port_pin_analog(int pin)
{
  static volatile int16_t sample;
  if (!(port_pin_modes(pin) & PORT_PIN_ANALOG) || SAADC_ENABLE) return 0;
  SAADC_ENABLE = 1;
  SAADC_CH0_PIN = (uint32_t)pins[pin].input + 1;
  SAADC_CH0_CONFIG = SAADC_OF_SUPPLY;
  SAADC_RESOLUTION = SAADC_10_BITS;
  SAADC_RATE = 0;
  SAADC_POINTER = (uint32_t)(uintptr_t)&sample;
  SAADC_COUNT = 1;
  SAADC_STARTED = SAADC_END = 0;
  SAADC_START = 1;
  while (!SAADC_STARTED) {
  }
  SAADC_SAMPLE = 1;
  while (!SAADC_END) {
  }
  SAADC_ENABLE = 0;
  return sample < 0 ? 0 : sample;
}
