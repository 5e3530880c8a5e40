/* A board with an nRF52 whose debug probe carries the bytes of its UART. */
#include "../port.h"
#include "nrf52.h"
#include "pins.h"
#include "ticks.h"
#include "uart.h"

void port_setup(void)
{
  NVMC_ICACHE = 1;
  ticks_setup();
  uart_setup();
  pins_setup();
}

void port_write(const uint8_t *bytes, size_t count) { uart_write(bytes, count); }
