/* A board with Arm's CMSDK UART and an FPGAIO block: those of the MPS2 and MPS3 families. */
#include "../port.h"
#include "board.h"
#include "clock.h"
#include "received.h"
#include "registers.h"
#include "vectors.h"

#define UART_DATA REGISTER(BOARD_UART + 0x0)
#define UART_STATE REGISTER(BOARD_UART + 0x4)
#define UART_CTRL REGISTER(BOARD_UART + 0x8)
#define UART_INTCLEAR REGISTER(BOARD_UART + 0xc)
#define UART_BAUDDIV REGISTER(BOARD_UART + 0x10)
#define LEDS REGISTER(BOARD_FPGAIO)
#define BUTTONS REGISTER(BOARD_FPGAIO + 0x8)

enum { TX_FULL = 1, RX_FULL = 2, TX_ENABLE = 1, RX_ENABLE = 2, RX_INTERRUPT = 8, RX_PENDING = 2 };

void uart_handler(void)
{
  UART_INTCLEAR = RX_PENDING;
  while (UART_STATE & RX_FULL) received_put((uint8_t)UART_DATA);
}

void port_setup(void)
{
  clock_setup();
  UART_BAUDDIV = BOARD_CLOCK_HZ / 115200;
  UART_CTRL = TX_ENABLE | RX_ENABLE | RX_INTERRUPT;
  interrupt_enable(BOARD_UART_INTERRUPT);
}

void port_write(const uint8_t *bytes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    while (UART_STATE & TX_FULL) {
    }
    UART_DATA = bytes[i];
  }
}

/* Pins: the LEDs, then the buttons. */
const uint8_t port_pins = BOARD_LEDS + BOARD_BUTTONS;
const uint8_t port_led = 1;

static void light(int led, int level)
{
  const uint32_t bit = UINT32_C(1) << led;
  LEDS = level ? LEDS | bit : LEDS & ~bit;
}

/* The first LED. */
void port_mark(int level) { light(0, level); }

int port_pin_modes(int pin) { return pin < BOARD_LEDS ? PORT_PIN_OUTPUT : PORT_PIN_INPUT; }

void port_pin_mode(int pin, int mode) { (void)pin, (void)mode; }

void port_pin_write(int pin, int level)
{
  if (pin < BOARD_LEDS) light(pin, level);
}

int port_pin_read(int pin)
{
  return pin < BOARD_LEDS ? LEDS >> pin & 1 : BUTTONS >> (pin - BOARD_LEDS) & 1;
}
