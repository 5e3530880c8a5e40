/* A board with Arm's CMSDK UART and an FPGAIO block: those of the MPS2 and MPS3 families. */
#include "../port.h"
#include "board.h"
#include "clock.h"
#include "vectors.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_DATA REGISTER(BOARD_UART + 0x0)
#define UART_STATE REGISTER(BOARD_UART + 0x4)
#define UART_CTRL REGISTER(BOARD_UART + 0x8)
#define UART_INTCLEAR REGISTER(BOARD_UART + 0xc)
#define UART_BAUDDIV REGISTER(BOARD_UART + 0x10)
#define NVIC_ISER(interrupt) REGISTER(0xe000e100 + 4 * ((interrupt) / 32))
#define LEDS REGISTER(BOARD_FPGAIO)

enum { TX_FULL = 1, RX_FULL = 2, TX_ENABLE = 1, RX_ENABLE = 2, RX_INTERRUPT = 8, RX_PENDING = 2 };

/* What came and was not read yet: one byte less than its length. */
static uint8_t ring[4096];
static volatile uint32_t head, tail;

void uart_handler(void)
{
  UART_INTCLEAR = RX_PENDING;
  while (UART_STATE & RX_FULL) {
    const uint8_t byte = (uint8_t)UART_DATA;
    const uint32_t next = (head + 1) % sizeof ring;
    if (next == tail) continue;
    ring[head] = byte;
    head = next;
  }
}

void port_setup(void)
{
  clock_setup();
  UART_BAUDDIV = BOARD_CLOCK_HZ / 115200;
  UART_CTRL = TX_ENABLE | RX_ENABLE | RX_INTERRUPT;
  NVIC_ISER(BOARD_UART_INTERRUPT) = UINT32_C(1) << (BOARD_UART_INTERRUPT % 32);
}

int port_read(void)
{
  if (tail == head) return -1;
  const uint8_t byte = ring[tail];
  tail = (tail + 1) % sizeof ring;
  return byte;
}

void port_write(const uint8_t *bytes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    while (UART_STATE & TX_FULL) {
    }
    UART_DATA = bytes[i];
  }
}

void port_wait(void)
{
  /* With interrupts held back, one that comes after the look still ends the sleep. */
  __asm__ volatile("cpsid i" ::: "memory");
  if (tail == head) __asm__ volatile("wfi");
  __asm__ volatile("cpsie i" ::: "memory");
}

void port_mark(int level) { LEDS = level ? LEDS | 1 : LEDS & ~UINT32_C(1); }
