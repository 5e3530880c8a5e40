/*
 * NUCLEO-L4R5ZI (STMicroelectronics, UM2179): LPUART1 on PG7 and PG8 goes to the ST-Link's serial port (6.11); pins of the Arduino
 * connectors (6.13); windows are marked on D7. Pins 0 to 15 are D0 to D15, 16 to 21 are A0 to A5, 22 to 24 LEDs (6.4).
 */
#define BOARD_CLOCK_HZ 120000000
#define BOARD_BAUD 115200
#define BOARD_UART_TX 7
#define BOARD_UART_RX 8
#define BOARD_MARK_PIN 7
#define BOARD_LED_PIN 22
#define BOARD_PINS \
  {PORT_D, 9, -1}, {PORT_D, 8, -1}, {PORT_F, 15, -1}, {PORT_E, 13, -1}, {PORT_F, 14, -1}, {PORT_E, 11, -1}, \
  {PORT_E, 9, -1}, {PORT_F, 13, -1}, {PORT_F, 12, -1}, {PORT_D, 15, -1}, {PORT_D, 14, -1}, {PORT_A, 7, -1}, \
  {PORT_A, 6, -1}, {PORT_A, 5, -1}, {PORT_B, 9, -1}, {PORT_B, 8, -1}, {PORT_A, 3, 8}, {PORT_C, 0, 1}, \
  {PORT_C, 3, 4}, {PORT_C, 1, 2}, {PORT_C, 4, 13}, {PORT_C, 5, 14}, {PORT_C, 7, -1}, {PORT_B, 7, -1}, {PORT_B, 14, -1}
#define BOARD_INTERRUPTS 95
#define BOARD_VECTORS [16 + 70] = uart_handler,
