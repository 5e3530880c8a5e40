/* Arm MPS2 with the image AN386 (Cortex-M4F): addresses of Arm's application note of that number. */
#define BOARD_CLOCK_HZ 25000000
#define BOARD_UART 0x40004000
#define BOARD_FPGAIO 0x40028000
#define BOARD_LEDS 2
#define BOARD_BUTTONS 2
#define BOARD_UART_INTERRUPT 0
#define BOARD_INTERRUPTS 32
#define BOARD_VECTORS [16 + BOARD_UART_INTERRUPT] = uart_handler,
