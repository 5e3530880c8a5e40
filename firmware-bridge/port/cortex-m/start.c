/* From reset to main, and the vector table, for every Cortex-M. Places come from cortex-m.ld. */
#include <stdint.h>

#include "board.h"
#include "vectors.h"

#define CPACR (*(volatile uint32_t *)0xe000ed88)

extern uint32_t mw_data_load[], mw_data[], mw_data_end[], mw_bss[], mw_bss_end[], mw_stack_top[];

int main(void);

/* Not part of the reset handler: a compiler may use vector registers here. */
__attribute__((noinline)) static void start(void)
{
  const uint32_t *from = mw_data_load;
  for (uint32_t *to = mw_data; to < mw_data_end;) *to++ = *from++;
  for (uint32_t *to = mw_bss; to < mw_bss_end;) *to++ = 0;
  main();
}

static void reset_handler(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  CPACR |= UINT32_C(0xf) << 20;
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
  start();
  for (;;) __asm__ volatile("wfi");
}

__attribute__((weak)) void fault_handler(void)
{
  for (;;) __asm__ volatile("wfi");
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + BOARD_INTERRUPTS])(void) = {
    (void (*)(void))mw_stack_top, reset_handler, fault_handler, fault_handler, fault_handler, fault_handler,
    fault_handler,                fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
    fault_handler,                fault_handler, fault_handler, clock_handler,
    BOARD_VECTORS
};
