/* Registers by address, and those of the interrupt controller that every Cortex-M has (Arm Cortex-M devices, user guides). */
#ifndef MILLIWATT_REGISTERS_H
#define MILLIWATT_REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SYST_CSR REGISTER(0xe000e010)
#define NVIC_ISER(interrupt) REGISTER(0xe000e100 + 4 * ((interrupt) / 32))
#define NVIC_ICER(interrupt) REGISTER(0xe000e180 + 4 * ((interrupt) / 32))
#define NVIC_ICPR(interrupt) REGISTER(0xe000e280 + 4 * ((interrupt) / 32))
#define SCB_VTOR REGISTER(0xe000ed08)
#define SCB_AIRCR REGISTER(0xe000ed0c)
#define SCB_CPACR REGISTER(0xe000ed88)
#define AIRCR_RESET UINT32_C(0x05fa0004)

/* Lets an interrupt come. */
static inline void interrupt_enable(unsigned interrupt) { NVIC_ISER(interrupt) = UINT32_C(1) << (interrupt % 32); }

/* Holds all interrupts back; whether they were held back before. */
static inline uint32_t interrupts_hold(void)
{
  uint32_t held;
  __asm__ volatile("mrs %0, primask\n cpsid i" : "=r"(held)::"memory");
  return held;
}

/* Lets them come again, unless they were held back before. */
static inline void interrupts_release(uint32_t held) { __asm__ volatile("msr primask, %0" ::"r"(held) : "memory"); }

#endif
