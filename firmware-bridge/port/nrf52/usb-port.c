/*
 * A board with an nRF52840 and its own USB connector, started by the UF2 bootloader that it comes with. The link is what was
 * heard last: USB, or the UART.
 */
#include "../port.h"
#include "../usb/usb.h"
#include "nrf52.h"
#include "pins.h"
#include "ticks.h"
#include "uart.h"

/* What the bootloader looks for after a reset: stay, and show a volume that takes UF2 files. */
enum { BOOTLOADER_WITH_VOLUME = 0x57 };

static volatile int by_uart = 1;

void usb_heard(void) { by_uart = 0; }

void uart_heard(void) { by_uart = 1; }

void port_setup(void)
{
  NVMC_ICACHE = 1;
  ticks_setup();
  pins_setup();
  uart_setup();
  usb_controller_setup();
}

void port_write(const uint8_t *bytes, size_t count)
{
  if (by_uart) uart_write(bytes, count);
  else usb_write(bytes, count);
}

void port_bootloader(void)
{
  POWER_GPREGRET = BOOTLOADER_WITH_VOLUME;
  __asm__ volatile("dsb" ::: "memory");
  SCB_AIRCR = AIRCR_RESET;
  for (;;) {
  }
}
