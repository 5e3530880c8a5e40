#include "received.h"

#include "../port.h"

/* One byte less than its length can wait. */
static uint8_t ring[4096];
static volatile uint32_t head, tail;

const uint16_t port_read_room = sizeof ring - 1;

void received_put(uint8_t byte)
{
  const uint32_t next = (head + 1) % sizeof ring;
  if (next == tail) return;
  ring[head] = byte;
  head = next;
}

uint32_t received_room(void) { return (tail - head - 1) % sizeof ring; }

__attribute__((weak)) void received_freed(void) {}

int port_read(void)
{
  if (tail == head) return -1;
  const uint8_t byte = ring[tail];
  tail = (tail + 1) % sizeof ring;
  received_freed();
  return byte;
}

void port_wait(void)
{
  /* With interrupts held back, one that comes after the look still ends the sleep. */
  __asm__ volatile("cpsid i" ::: "memory");
  if (tail == head) __asm__ volatile("wfi");
  __asm__ volatile("cpsie i" ::: "memory");
}
