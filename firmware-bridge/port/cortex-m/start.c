/* From reset to main, and the vector table, for every Cortex-M. Places come from cortex-m.ld. */
#include "board.h"
#include "registers.h"
#include "vectors.h"

extern uint32_t mw_data_load[], mw_data[], mw_data_end[], mw_bss[], mw_bss_end[], mw_stack_top[];
/* All 0 where code runs in flash. */
extern uint32_t mw_fast_load[] __attribute__((weak)), mw_fast[] __attribute__((weak)), mw_fast_end[] __attribute__((weak));

int main(void);

/* What runs before code is in its place lies in flash on all boards. */
#define START __attribute__((noinline, section(".start")))

/* Volatile: no compiler may make a call of memcpy of this, which may not be in its place yet. */
START static void copy(volatile uint32_t *to, const volatile uint32_t *end, const uint32_t *from)
{
  while (to < end) *to++ = *from++;
}

/* Not part of the reset handler: a compiler may use vector registers here. */
START static void start(void)
{
  copy(mw_fast, mw_fast_end, mw_fast_load);
  copy(mw_data, mw_data_end, mw_data_load);
  for (volatile uint32_t *to = mw_bss; to < mw_bss_end;) *to++ = 0;
  main();
}

/* Where the firmware brings no clock of this kind. */
extern void clock_handler(void) __attribute__((weak));

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

START void reset_handler(void)
{
  SCB_VTOR = (uint32_t)(uintptr_t)vectors;
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  SCB_CPACR |= UINT32_C(0xf) << 20;
#endif
  __asm__ volatile("dsb\n isb" ::: "memory");
  /* A bootloader may have left interrupts on, or held back. */
  for (unsigned interrupt = 0; interrupt < BOARD_INTERRUPTS; interrupt += 32) {
    NVIC_ICER(interrupt) = UINT32_MAX;
    NVIC_ICPR(interrupt) = UINT32_MAX;
  }
  interrupts_release(0);
  start();
  for (;;) __asm__ volatile("wfi");
}
