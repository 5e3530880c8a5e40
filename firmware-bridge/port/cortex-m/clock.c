/* SysTick as a clock of 64 bits: it counts 24 bits down, each round is an interrupt. */
#include "clock.h"

#include "../port.h"
#include "board.h"
#include "registers.h"
#include "vectors.h"

#define SYST_RVR REGISTER(0xe000e014)
#define SYST_CVR REGISTER(0xe000e018)
#define ROUND UINT32_C(0x1000000)

const uint32_t port_ticks_hz = BOARD_CLOCK_HZ;

static volatile uint32_t rounds;

void clock_handler(void) { rounds++; }

void clock_setup(void)
{
  SYST_RVR = ROUND - 1;
  SYST_CVR = 0;
  SYST_CSR = 7;
}

uint64_t port_ticks(void)
{
  uint32_t before, left;
  /* A round that ends in between is seen by its interrupt. */
  do {
    before = rounds;
    left = SYST_CVR;
  } while (before != rounds);
  /* It begins and ends a round at 0, the interrupt comes with that. */
  return (uint64_t)before * ROUND + (ROUND - left) % ROUND;
}
