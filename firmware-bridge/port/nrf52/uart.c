#include "uart.h"

#include "board.h"
#include "nrf52.h"
#include "received.h"
#include "vectors.h"

__attribute__((weak)) void uart_heard(void) {}

void uart_handler(void)
{
  if (UART_ERROR) {
    UART_ERROR = 0;
    /* Ones clear it. */
    UART_ERROR_SOURCE = UART_ERROR_SOURCE;
  }
  while (UART_RX_READY) {
    UART_RX_READY = 0;
    received_put((uint8_t)UART_RX);
    uart_heard();
  }
}

void uart_setup(void)
{
  GPIO_SET(BOARD_UART_TX) = UINT32_C(1) << BOARD_UART_TX % 32;
  GPIO_CONFIG(BOARD_UART_TX) = GPIO_OUTPUT;
  /* An open wire reads as silence. */
  GPIO_CONFIG(BOARD_UART_RX) = GPIO_PULLUP;
  UART_PIN_TX = BOARD_UART_TX;
  UART_PIN_RX = BOARD_UART_RX;
  UART_BAUDRATE = UART_115200_BAUD;
  UART_ENABLE = UART_ON;
  UART_INTENSET = UART_RX_INTERRUPTS;
  interrupt_enable(UART0_INTERRUPT);
  UART_START_TX = 1;
  UART_START_RX = 1;
}

void uart_write(const uint8_t *bytes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    UART_TX_READY = 0;
    UART_TX = bytes[i];
    while (!UART_TX_READY) {
    }
  }
}
