/* A board with an STM32L4+ whose debug probe carries the bytes of LPUART1. */
#include "../port.h"
#include "board.h"
#include "clock.h"
#include "clocks.h"
#include "received.h"
#include "stm32l4.h"
#include "vectors.h"

enum { ALL_PORTS = 0x7f, ADC_CYCLES_47 = 3 };

/* A pin of the board: port and number in the chip, its channel of the converter or -1. */
static const struct {
  uint8_t port, number;
  int8_t channel;
} pins[] = {BOARD_PINS};

const uint8_t port_pins = sizeof pins / sizeof *pins;
const uint8_t port_led = BOARD_LED_PIN;

void uart_handler(void)
{
  LPUART_ICR = LPUART_ERRORS;
  while (LPUART_ISR & LPUART_RX_READY) received_put((uint8_t)LPUART_RDR);
}

static void set_mode(unsigned port, unsigned number, uint32_t mode, uint32_t pull)
{
  GPIO_PULL(port) = (GPIO_PULL(port) & ~(UINT32_C(3) << 2 * number)) | pull << 2 * number;
  GPIO_MODE(port) = (GPIO_MODE(port) & ~(UINT32_C(3) << 2 * number)) | mode << 2 * number;
}

static void uart_pin(unsigned number)
{
  const unsigned at = 4 * (number % 8);
  GPIO_FUNCTION(PORT_G, number) = (GPIO_FUNCTION(PORT_G, number) & ~(UINT32_C(0xf) << at)) | (uint32_t)LPUART_FUNCTION << at;
  set_mode(PORT_G, number, GPIO_ALTERNATE, 1);
}

static void uart_setup(void)
{
  /* Port G has a supply of its own. */
  PWR_CR2 |= PWR_VDDIO2_VALID;
  RCC_APB1ENR2 |= RCC_LPUART1;
  uart_pin(BOARD_UART_TX);
  uart_pin(BOARD_UART_RX);
  LPUART_BRR = (uint32_t)((256 * (uint64_t)BOARD_CLOCK_HZ + BOARD_BAUD / 2) / BOARD_BAUD);
  LPUART_CR1 = LPUART_FIFO;
  LPUART_CR1 = LPUART_FIFO | LPUART_ON | LPUART_RX_INTERRUPT;
  interrupt_enable(LPUART1_INTERRUPT);
}

/* On only while a voltage is measured: it takes as much current as a sleeping processor. */
static void converter_start(void)
{
  RCC_AHB2ENR |= RCC_ADC;
  ADC_CCR = ADC_QUARTER_CLOCK;
  ADC_CR = 0;
  ADC_CR = ADC_REGULATOR;
  /* The regulator takes 20 us. */
  for (int i = 0; i < BOARD_CLOCK_HZ / 50000; i++) __asm__ volatile("nop");
  ADC_CR = ADC_REGULATOR | ADC_CALIBRATE;
  while (ADC_CR & ADC_CALIBRATE) {
  }
  ADC_ISR = ADC_READY;
  ADC_CR = ADC_REGULATOR | ADC_ON;
  while (!(ADC_ISR & ADC_READY)) {
  }
}

static void converter_stop(void)
{
  ADC_CR = ADC_REGULATOR | ADC_OFF;
  while (ADC_CR & ADC_ON) {
  }
  ADC_CR = ADC_DEEP_SLEEP;
  RCC_AHB2ENR &= ~(uint32_t)RCC_ADC;
}

void port_setup(void)
{
  clocks_setup();
  clock_setup();
  RCC_AHB2ENR |= ALL_PORTS;
  uart_setup();
  port_pin_mode(BOARD_LED_PIN, PORT_PIN_OUTPUT);
  port_pin_mode(BOARD_MARK_PIN, PORT_PIN_OUTPUT);
}

void port_write(const uint8_t *bytes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    while (!(LPUART_ISR & LPUART_TX_READY)) {
    }
    LPUART_TDR = bytes[i];
  }
}

void port_mark(int level) { port_pin_write(BOARD_MARK_PIN, level); }

int port_pin_modes(int pin)
{
  if (pin == BOARD_MARK_PIN || pin >= BOARD_LED_PIN) return PORT_PIN_OUTPUT;
  return PORT_PIN_INPUT | PORT_PIN_OUTPUT | PORT_PIN_PULLUP | (pins[pin].channel >= 0 ? PORT_PIN_ANALOG : 0);
}

void port_pin_mode(int pin, int mode)
{
  const uint32_t modes[] = {
      [PORT_PIN_INPUT] = GPIO_INPUT,
      [PORT_PIN_OUTPUT] = GPIO_OUTPUT,
      [PORT_PIN_PULLUP] = GPIO_INPUT,
      [PORT_PIN_ANALOG] = GPIO_ANALOG,
  };
  if (port_pin_modes(pin) & mode) set_mode(pins[pin].port, pins[pin].number, modes[mode], mode == PORT_PIN_PULLUP);
}

void port_pin_write(int pin, int level)
{
  GPIO_SET_RESET(pins[pin].port) = UINT32_C(1) << (pins[pin].number + (level ? 0 : 16));
}

int port_pin_read(int pin) { return GPIO_IN(pins[pin].port) >> pins[pin].number & 1; }

int port_pin_analog(int pin)
{
  if (!(port_pin_modes(pin) & PORT_PIN_ANALOG)) return 0;
  const uint32_t channel = (uint32_t)pins[pin].channel;
  converter_start();
  ADC_SMPR(channel) = (uint32_t)ADC_CYCLES_47 << 3 * (channel % 10);
  ADC_SQR1 = channel << 6;
  ADC_CR = ADC_REGULATOR | ADC_START;
  while (!(ADC_ISR & ADC_CONVERTED)) {
  }
  /* 12 bits. */
  const int level = (int)(ADC_DR >> 2);
  converter_stop();
  return level;
}
