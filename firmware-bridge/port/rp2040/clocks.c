#include "clocks.h"

#include "rp2040.h"

static void leave_reset(uint32_t blocks)
{
  SET(RESETS) = blocks;
  CLEAR(RESETS) = blocks;
  while ((RESETS_DONE & blocks) != blocks) {
  }
}

/* From the crystal's 12 MHz: times `multiply`, by both divisors. */
static void pll_start(uint32_t pll, uint32_t multiply, uint32_t divide1, uint32_t divide2)
{
  PLL_CS(pll) = 1;
  PLL_FBDIV(pll) = multiply;
  CLEAR(PLL_PWR(pll)) = PLL_DOWN | PLL_VCO_DOWN;
  while (!(PLL_CS(pll) & PLL_LOCKED)) {
  }
  PLL_PRIM(pll) = divide1 << 16 | divide2 << 12;
  CLEAR(PLL_PWR(pll)) = PLL_POSTDIV_DOWN;
}

void clocks_setup(void)
{
  /* Processor and reference run on the ring oscillator while the rest starts. */
  CLK_SYS_CTRL = 0;
  while (CLK_SYS_SELECTED != 1) {
  }
  CLK_REF_CTRL = 0;
  while (CLK_REF_SELECTED != 1) {
  }
  /* About 1 ms, in steps of 256 cycles. */
  XOSC_STARTUP = 47;
  XOSC_CTRL = XOSC_ENABLE | XOSC_1_TO_15_MHZ;
  while (!(XOSC_STATUS & XOSC_STABLE)) {
  }
  leave_reset(RESET_PLL_SYS | RESET_PLL_USB);
  pll_start(PLL_SYS, 125, 6, 2);
  pll_start(PLL_USB, 100, 5, 5);
  CLK_REF_CTRL = CLK_REF_XOSC;
  while (CLK_REF_SELECTED != 1 << CLK_REF_XOSC) {
  }
  CLK_SYS_CTRL = CLK_SYS_AUX;
  while (CLK_SYS_SELECTED != 1 << CLK_SYS_AUX) {
  }
  CLK_PERI_CTRL = CLK_ENABLE;
  CLK_USB_CTRL = CLK_ENABLE;
  CLK_ADC_CTRL = CLK_ENABLE;
  WATCHDOG_TICK = WATCHDOG_TICK_ENABLE | 12;
  leave_reset(RESET_ADC | RESET_IO | RESET_PADS | RESET_TIMER | RESET_UART0 | RESET_USB);
}
