#include "ticks.h"

#include "../port.h"
#include "nrf52.h"
#include "vectors.h"

enum { NOW = 0, WAKE = 1, WAKE_TICKS = 1 << 20 };

const uint32_t port_ticks_hz = 16000000;

/* How often its 32 bits went round, and where it stood when it was last looked at: at least at each wake. */
static uint32_t rounds, seen;

static uint64_t look(void)
{
  TIMER_CAPTURE(NOW) = 1;
  const uint32_t now = TIMER_CC(NOW);
  if (now < seen) rounds++;
  seen = now;
  return (uint64_t)rounds << 32 | now;
}

uint64_t port_ticks(void)
{
  const uint32_t held = interrupts_hold();
  const uint64_t ticks = look();
  interrupts_release(held);
  return ticks;
}

__attribute__((weak)) void ticks_wake(void) {}

void timer_handler(void)
{
  TIMER_COMPARED(WAKE) = 0;
  TIMER_CC(WAKE) = (uint32_t)look() + WAKE_TICKS;
  ticks_wake();
}

void ticks_setup(void)
{
  /* A bootloader may have left the processor's own clock running, which nobody awaits here. */
  SYST_CSR = 0;
  CLOCK_HFCLK_STARTED = 0;
  CLOCK_HFCLK_START = 1;
  while (!CLOCK_HFCLK_STARTED) {
  }
  TIMER_MODE = 0;
  TIMER_BITS = TIMER_32_BITS;
  TIMER_PRESCALER = 0;
  TIMER_CC(WAKE) = WAKE_TICKS;
  TIMER_INTENSET = TIMER_COMPARE_INTERRUPT << WAKE;
  interrupt_enable(TIMER0_INTERRUPT);
  TIMER_CLEAR = 1;
  TIMER_START = 1;
}
