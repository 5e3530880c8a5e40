/* Registers of the RP2040 that the port uses, by the sections of the RP2040 datasheet (Raspberry Pi). */
#ifndef MILLIWATT_RP2040_H
#define MILLIWATT_RP2040_H

#include "registers.h"

/* Aliases of every register of the APB and AHB-Lite blocks that set or clear bits (2.1.2). */
#define SET(address) REGISTER((address) + 0x2000)
#define CLEAR(address) REGISTER((address) + 0x3000)

/* Pointers that the boot ROM begins with (2.8.3): to its table of functions, and to what looks one up. */
#define ROM_TABLE ((const uint16_t *)0x14)
enum { ROM_FUNCTIONS = 0, ROM_LOOKUP = 2 };

/* Interrupts (2.3.2). */
enum { TIMER_INTERRUPT = 0, USB_INTERRUPT = 5, UART0_INTERRUPT = 20 };

/* Subsystem resets (2.14). */
#define RESETS 0x4000c000
#define RESETS_DONE REGISTER(RESETS + 0x8)
enum {
  RESET_ADC = 1 << 0,
  RESET_IO = 1 << 5,
  RESET_PADS = 1 << 8,
  RESET_PLL_SYS = 1 << 12,
  RESET_PLL_USB = 1 << 13,
  RESET_TIMER = 1 << 21,
  RESET_UART0 = 1 << 22,
  RESET_USB = 1 << 24,
};

/* Crystal oscillator (2.16). */
#define XOSC_CTRL REGISTER(0x40024000)
#define XOSC_STATUS REGISTER(0x40024004)
#define XOSC_STARTUP REGISTER(0x4002400c)
enum { XOSC_1_TO_15_MHZ = 0xaa0, XOSC_ENABLE = 0xfab << 12 };
#define XOSC_STABLE UINT32_C(0x80000000)

/* Phase-locked loops (2.18). */
#define PLL_SYS 0x40028000
#define PLL_USB 0x4002c000
#define PLL_CS(pll) REGISTER(pll)
#define PLL_PWR(pll) ((pll) + 0x4)
#define PLL_FBDIV(pll) REGISTER((pll) + 0x8)
#define PLL_PRIM(pll) REGISTER((pll) + 0xc)
#define PLL_LOCKED UINT32_C(0x80000000)
enum { PLL_DOWN = 1 << 0, PLL_POSTDIV_DOWN = 1 << 3, PLL_VCO_DOWN = 1 << 5 };

/* Clocks (2.15). */
#define CLOCKS 0x40008000
#define CLK_REF_CTRL REGISTER(CLOCKS + 0x30)
#define CLK_REF_SELECTED REGISTER(CLOCKS + 0x38)
#define CLK_SYS_CTRL REGISTER(CLOCKS + 0x3c)
#define CLK_SYS_SELECTED REGISTER(CLOCKS + 0x44)
#define CLK_PERI_CTRL REGISTER(CLOCKS + 0x48)
#define CLK_USB_CTRL REGISTER(CLOCKS + 0x54)
#define CLK_ADC_CTRL REGISTER(CLOCKS + 0x60)
enum { CLK_REF_XOSC = 2, CLK_SYS_AUX = 1, CLK_ENABLE = 1 << 11 };

/* Tick of the watchdog and the timer (4.7), timer (4.6). */
#define WATCHDOG_TICK REGISTER(0x4005802c)
enum { WATCHDOG_TICK_ENABLE = 1 << 9 };
#define TIMER_ALARM0 REGISTER(0x40054010)
#define TIMER_RAW_HIGH REGISTER(0x40054024)
#define TIMER_RAW_LOW REGISTER(0x40054028)
#define TIMER_INTR REGISTER(0x40054034)
#define TIMER_INTE REGISTER(0x40054038)

/* Functions of pins (2.19.6.1), their pads (2.19.6.3), and the processors' own port (2.3.1.7). */
#define IO_CTRL(pin) REGISTER(0x40014004 + 8 * (pin))
enum { IO_UART = 2, IO_SIO = 5, IO_NONE = 31 };
#define PAD(pin) REGISTER(0x4001c004 + 4 * (pin))
enum { PAD_FAST = 1 << 0, PAD_SCHMITT = 1 << 1, PAD_PULLUP = 1 << 3, PAD_4_MA = 1 << 4, PAD_INPUT = 1 << 6, PAD_OUTPUT_OFF = 1 << 7 };
#define SIO_IN REGISTER(0xd0000004)
#define SIO_SET REGISTER(0xd0000014)
#define SIO_CLEAR REGISTER(0xd0000018)
#define SIO_OUTPUT_SET REGISTER(0xd0000024)
#define SIO_OUTPUT_CLEAR REGISTER(0xd0000028)

/* Converter (4.9). */
#define ADC_CS REGISTER(0x4004c000)
#define ADC_RESULT REGISTER(0x4004c004)
enum { ADC_ENABLE = 1 << 0, ADC_START = 1 << 2, ADC_READY = 1 << 8, ADC_INPUT = 12 };

/* UART, a PL011 (4.2). */
#define UART0 0x40034000
#define UART_DR REGISTER(UART0)
#define UART_FR REGISTER(UART0 + 0x18)
#define UART_IBRD REGISTER(UART0 + 0x24)
#define UART_FBRD REGISTER(UART0 + 0x28)
#define UART_LCR_H REGISTER(UART0 + 0x2c)
#define UART_CR REGISTER(UART0 + 0x30)
#define UART_IMSC REGISTER(UART0 + 0x38)
enum {
  UART_RX_EMPTY = 1 << 4,
  UART_TX_FULL = 1 << 5,
  UART_8_BITS = 3 << 5,
  UART_FIFO = 1 << 4,
  UART_ON = 1 << 0 | 1 << 8 | 1 << 9,
  UART_RX_INTERRUPTS = 1 << 4 | 1 << 6,
};

/* USB device controller (4.1): memory that both sides see (4.1.2.5), and registers (4.1.4). */
#define USB_MEMORY 0x50100000
#define USB_MEMORY_BYTES 4096
#define USB_ENDPOINT(endpoint, in) REGISTER(USB_MEMORY + 8 * (endpoint) + ((in) ? 0 : 4))
#define USB_BUFFER(endpoint, in) REGISTER(USB_MEMORY + 0x80 + 8 * (endpoint) + ((in) ? 0 : 4))
enum { USB_ENDPOINT_ON = 31, USB_ENDPOINT_INTERRUPT = 29, USB_ENDPOINT_TYPE = 26, USB_BULK = 2, USB_INTERRUPT_TYPE = 3 };
enum {
  USB_BUFFER_FULL = 1 << 15,
  USB_BUFFER_DATA1 = 1 << 13,
  USB_BUFFER_STALL = 1 << 11,
  USB_BUFFER_AVAILABLE = 1 << 10,
  USB_BUFFER_LENGTH = 0x3ff,
};
#define USB_ADDRESS REGISTER(0x50110000)
#define USB_MAIN_CTRL REGISTER(0x50110040)
#define USB_SIE_CTRL REGISTER(0x5011004c)
#define USB_SIE_STATUS REGISTER(0x50110050)
#define USB_BUFF_STATUS REGISTER(0x50110058)
#define USB_STALL_ARM REGISTER(0x50110068)
#define USB_MUXING REGISTER(0x50110074)
#define USB_PWR REGISTER(0x50110078)
#define USB_INTE REGISTER(0x50110090)
#define USB_INTS REGISTER(0x50110098)
enum {
  USB_MAIN_ENABLE = 1 << 0,
  USB_SIE_PULLUP = 1 << 16,
  USB_SIE_EP0_INTERRUPT = 1 << 29,
  USB_STATUS_SETUP = 1 << 17,
  USB_STATUS_RESET = 1 << 19,
  USB_MUX_PHY = 1 << 0 | 1 << 3,
  USB_VBUS_PRESENT = 1 << 2 | 1 << 3,
  USB_INT_BUFFER = 1 << 4,
  USB_INT_RESET = 1 << 12,
  USB_INT_SETUP = 1 << 16,
};

#endif
