/* A board with an RP2040. The link is what was heard last: USB, or UART0 on the pins 0 and 1. */
#include "../port.h"
#include "board.h"
#include "clocks.h"
#include "received.h"
#include "rp2040.h"
#include "../usb/usb.h"
#include "vectors.h"

enum { PINS = 29, UART_PINS = 2, INTERNAL_PIN_FIRST = 23, INTERNAL_PIN_LAST = 24, ANALOG_PIN = 26, WAKE_US = 1 << 16 };

/* Of the timer that counts microseconds. */
const uint32_t port_ticks_hz = 1000000;

static volatile int heard_usb;

void timer_handler(void)
{
  TIMER_INTR = 1;
  TIMER_ALARM0 = TIMER_RAW_LOW + WAKE_US;
  usb_tick();
}

uint64_t port_ticks(void)
{
  uint32_t high, low;
  do {
    high = TIMER_RAW_HIGH;
    low = TIMER_RAW_LOW;
  } while (high != TIMER_RAW_HIGH);
  return (uint64_t)high << 32 | low;
}

void uart_handler(void)
{
  while (!(UART_FR & UART_RX_EMPTY)) received_put((uint8_t)UART_DR);
  heard_usb = 0;
}

void usb_heard(void) { heard_usb = 1; }

static void uart_setup(void)
{
  /* Sixteenths of the clock, in 64ths. */
  const uint32_t divisor = (BOARD_CLOCK_HZ * 4 + BOARD_BAUD / 2) / BOARD_BAUD;
  UART_IBRD = divisor / 64;
  UART_FBRD = divisor % 64;
  UART_LCR_H = UART_8_BITS | UART_FIFO;
  UART_CR = UART_ON;
  UART_IMSC = UART_RX_INTERRUPTS;
  for (unsigned pin = 0; pin < UART_PINS; pin++) IO_CTRL(pin) = IO_UART;
  /* An open wire reads as silence. */
  PAD(1) = PAD_INPUT | PAD_SCHMITT | PAD_PULLUP;
  interrupt_enable(UART0_INTERRUPT);
}

void port_setup(void)
{
  clocks_setup();
  port_pin_mode(port_led, PORT_PIN_OUTPUT);
  port_pin_mode(BOARD_MARK_PIN, PORT_PIN_OUTPUT);
  TIMER_INTE = 1;
  TIMER_ALARM0 = TIMER_RAW_LOW + WAKE_US;
  interrupt_enable(TIMER_INTERRUPT);
  uart_setup();
  usb_controller_setup();
}

void port_write(const uint8_t *bytes, size_t count)
{
  if (heard_usb) return usb_write(bytes, count);
  for (size_t i = 0; i < count; i++) {
    while (UART_FR & UART_TX_FULL) {
    }
    UART_DR = bytes[i];
  }
}

void port_mark(int level) { port_pin_write(BOARD_MARK_PIN, level); }

/* Pins by their numbers as GP0 to GP28; the first two are the UART's, 23 and 24 serve the board itself. */
const uint8_t port_pins = PINS;
const uint8_t port_led = BOARD_LED_PIN;

int port_pin_modes(int pin)
{
  if (pin < UART_PINS || (pin >= INTERNAL_PIN_FIRST && pin <= INTERNAL_PIN_LAST)) return 0;
  if (pin == BOARD_LED_PIN || pin == BOARD_MARK_PIN) return PORT_PIN_OUTPUT;
  return PORT_PIN_INPUT | PORT_PIN_OUTPUT | PORT_PIN_PULLUP | (pin >= ANALOG_PIN ? PORT_PIN_ANALOG : 0);
}

void port_pin_mode(int pin, int mode)
{
  if (!(port_pin_modes(pin) & mode)) return;
  const uint32_t bit = UINT32_C(1) << pin;
  SIO_CLEAR = bit;
  if (mode == PORT_PIN_OUTPUT) SIO_OUTPUT_SET = bit;
  else SIO_OUTPUT_CLEAR = bit;
  if (mode == PORT_PIN_ANALOG) PAD(pin) = PAD_OUTPUT_OFF;
  else PAD(pin) = PAD_INPUT | PAD_4_MA | PAD_SCHMITT | (mode == PORT_PIN_PULLUP ? PAD_PULLUP : 0);
  IO_CTRL(pin) = mode == PORT_PIN_ANALOG ? IO_NONE : IO_SIO;
}

void port_pin_write(int pin, int level)
{
  if (!(port_pin_modes(pin) & PORT_PIN_OUTPUT)) return;
  if (level) SIO_SET = UINT32_C(1) << pin;
  else SIO_CLEAR = UINT32_C(1) << pin;
}

int port_pin_read(int pin) { return SIO_IN >> pin & 1; }

int port_pin_analog(int pin)
{
  if (!(port_pin_modes(pin) & PORT_PIN_ANALOG)) return 0;
  ADC_CS = ADC_ENABLE;
  while (!(ADC_CS & ADC_READY)) {
  }
  ADC_CS = ADC_ENABLE | ADC_START | (uint32_t)(pin - ANALOG_PIN) << ADC_INPUT;
  while (!(ADC_CS & ADC_READY)) {
  }
  /* 12 bits. */
  const int level = (int)(ADC_RESULT >> 2);
  ADC_CS = 0;
  return level;
}

/* The ROM's own: shows a volume that takes UF2 files. */
void port_bootloader(void)
{
  typedef void *(*lookup)(const uint16_t *table, uint32_t code);
  typedef void (*reset_usb_boot)(uint32_t activity_pins, uint32_t disabled_interfaces);
  /* Volatile itself, as compilers take what lies at the first addresses for a mistake. */
  const uint16_t *volatile rom = ROM_TABLE;
  const lookup find = (lookup)(uintptr_t)rom[ROM_LOOKUP];
  const reset_usb_boot restart = (reset_usb_boot)find((const uint16_t *)(uintptr_t)rom[ROM_FUNCTIONS], 'U' | 'B' << 8);
  restart(0, 0);
}
