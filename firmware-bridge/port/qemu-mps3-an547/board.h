/* Arm MPS3 with the image AN547 (Cortex-M55, Helium): addresses of Arm's application note of that number. */
#define BOARD_CLOCK_HZ 32000000
#define BOARD_UART 0x49303000
#define BOARD_FPGAIO 0x49302000
#define BOARD_LEDS 10
#define BOARD_BUTTONS 2
#define BOARD_UART_INTERRUPT 33
#define BOARD_INTERRUPTS 128
#define BOARD_VECTORS [16 + BOARD_UART_INTERRUPT] = uart_handler,
