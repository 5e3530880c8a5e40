/*
 * What differs between boards of one chip: clock, pins, interrupts. Name the manual and its section. Registers of the chip go
 * into one header of their own, CHIP.h, likewise with sections. These are those of Arm's MPS2 board with image AN385 (DAI 0385),
 * so that a test can run this template.
 */
#define BOARD_CLOCK_HZ 25000000
#define BOARD_BAUD 115200
#define BOARD_UART 0x40004000
#define BOARD_LEDS 0x40028000
/* Entries of the vector table behind the 16 of the processor, and the interrupts that are awaited, in order (vectors.h). */
#define BOARD_INTERRUPTS 32
#define BOARD_VECTORS [16 + 0] = uart_handler,
