#include "clocks.h"

#include "stm32l4.h"

/* 16 MHz / 2 * 30 / 2. */
enum { PLL_DIVIDE = 2, PLL_MULTIPLY = 30, WAIT_STATES = 5 };

void clocks_setup(void)
{
  RCC_APB1ENR1 |= RCC_PWR;
  /* Voltage range 1 is the one after reset; above 80 MHz it needs its boost (5.1.8). */
  PWR_CR5 &= ~(uint32_t)PWR_NO_BOOST;
  FLASH_ACR = FLASH_PREFETCH | FLASH_INSTRUCTION_CACHE | FLASH_DATA_CACHE | WAIT_STATES;
  while ((FLASH_ACR & FLASH_LATENCY) != WAIT_STATES) {
  }
  RCC_CR |= RCC_HSI_ON;
  while (!(RCC_CR & RCC_HSI_READY)) {
  }
  RCC_PLLCFGR = RCC_PLL_FROM_HSI | (PLL_DIVIDE - 1) << 4 | PLL_MULTIPLY << 8 | RCC_PLL_R_ON;
  RCC_CR |= RCC_PLL_ON;
  while (!(RCC_CR & RCC_PLL_READY)) {
  }
  /* Over half the frequency for more than a microsecond, as the manual asks for (5.1.8). */
  RCC_CFGR = RCC_HALF | RCC_SYSTEM_PLL;
  while ((RCC_CFGR >> RCC_SYSTEM_STATUS & RCC_SYSTEM) != RCC_SYSTEM_PLL) {
  }
  for (int i = 0; i < 100; i++) __asm__ volatile("nop");
  RCC_CFGR = RCC_SYSTEM_PLL;
}
