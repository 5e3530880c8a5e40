/* Registers of the STM32L4+ that the port uses, by the sections of its reference manual (STMicroelectronics, RM0432). */
#ifndef MILLIWATT_STM32L4_H
#define MILLIWATT_STM32L4_H

#include "registers.h"

/* Interrupts (section 15.3). */
enum { LPUART1_INTERRUPT = 70 };

/* Flash (3.7). */
#define FLASH_ACR REGISTER(0x40022000)
enum { FLASH_PREFETCH = 1 << 8, FLASH_INSTRUCTION_CACHE = 1 << 9, FLASH_DATA_CACHE = 1 << 10, FLASH_LATENCY = 0xf };

/* Power control (5.4). */
#define PWR_CR2 REGISTER(0x40007004)
#define PWR_CR5 REGISTER(0x40007080)
enum { PWR_VDDIO2_VALID = 1 << 9, PWR_NO_BOOST = 1 << 8 };

/* Reset and clock control (6.4). */
#define RCC_CR REGISTER(0x40021000)
#define RCC_CFGR REGISTER(0x40021008)
#define RCC_PLLCFGR REGISTER(0x4002100c)
#define RCC_AHB2ENR REGISTER(0x4002104c)
#define RCC_APB1ENR1 REGISTER(0x40021058)
#define RCC_APB1ENR2 REGISTER(0x4002105c)
enum {
  RCC_HSI_ON = 1 << 8,
  RCC_HSI_READY = 1 << 10,
  RCC_PLL_ON = 1 << 24,
  RCC_PLL_READY = 1 << 25,
  RCC_PLL_FROM_HSI = 2,
  RCC_PLL_R_ON = 1 << 24,
  RCC_SYSTEM_PLL = 3,
  RCC_SYSTEM = 3,
  RCC_SYSTEM_STATUS = 2,
  RCC_HALF = 8 << 4,
  RCC_ADC = 1 << 13,
  RCC_PWR = 1 << 28,
  RCC_LPUART1 = 1 << 0,
};

/* Pins (8.4): ports A to I, 0 on. */
#define GPIO(port) (0x48000000 + 0x400 * (port))
#define GPIO_MODE(port) REGISTER(GPIO(port))
#define GPIO_PULL(port) REGISTER(GPIO(port) + 0xc)
#define GPIO_IN(port) REGISTER(GPIO(port) + 0x10)
#define GPIO_SET_RESET(port) REGISTER(GPIO(port) + 0x18)
#define GPIO_FUNCTION(port, pin) REGISTER(GPIO(port) + 0x20 + 4 * ((pin) / 8))
enum { GPIO_INPUT = 0, GPIO_OUTPUT = 1, GPIO_ALTERNATE = 2, GPIO_ANALOG = 3 };
enum { PORT_A, PORT_B, PORT_C, PORT_D, PORT_E, PORT_F, PORT_G };

/* Low-power UART (51.7). */
#define LPUART1 0x40008000
#define LPUART_CR1 REGISTER(LPUART1)
#define LPUART_BRR REGISTER(LPUART1 + 0xc)
#define LPUART_ISR REGISTER(LPUART1 + 0x1c)
#define LPUART_ICR REGISTER(LPUART1 + 0x20)
#define LPUART_RDR REGISTER(LPUART1 + 0x24)
#define LPUART_TDR REGISTER(LPUART1 + 0x28)
enum {
  LPUART_ON = 1 << 0 | 1 << 2 | 1 << 3,
  LPUART_RX_INTERRUPT = 1 << 5,
  LPUART_FIFO = 1 << 29,
  LPUART_RX_READY = 1 << 5,
  LPUART_TX_READY = 1 << 7,
  LPUART_ERRORS = 0xf,
  LPUART_FUNCTION = 8,
};

/* Converter (21.7). */
#define ADC_ISR REGISTER(0x50040000)
#define ADC_CR REGISTER(0x50040008)
#define ADC_SMPR(channel) REGISTER(0x50040014 + 4 * ((channel) / 10))
#define ADC_SQR1 REGISTER(0x50040030)
#define ADC_DR REGISTER(0x50040040)
#define ADC_CCR REGISTER(0x50040308)
enum { ADC_READY = 1 << 0, ADC_ON = 1 << 0, ADC_OFF = 1 << 1, ADC_START = 1 << 2, ADC_CONVERTED = 1 << 2, ADC_REGULATOR = 1 << 28, ADC_DEEP_SLEEP = 1 << 29, ADC_QUARTER_CLOCK = 3 << 16 };
#define ADC_CALIBRATE UINT32_C(0x80000000)

#endif
