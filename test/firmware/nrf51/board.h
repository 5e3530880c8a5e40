/* The first micro:bit as QEMU has it, with an nRF51 whose UART, timer and pins have the registers of the nRF52's. */
#define BOARD_UART_TX 24
#define BOARD_UART_RX 25
#define BOARD_MARK_PIN 0
#define BOARD_LED_PIN 1
#define BOARD_LOW_LED_FIRST 4
#define BOARD_PINS {3, -1, WRITTEN}, {13, -1, WRITTEN}, {1, -1, BOTH}, {26, -1, READ}
#define BOARD_INTERRUPTS 32
#define BOARD_VECTORS \
  [16 + 2] = uart_handler, \
  [16 + 8] = timer_handler,
