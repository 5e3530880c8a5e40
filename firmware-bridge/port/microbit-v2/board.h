/*
 * BBC micro:bit v2 (Micro:bit Educational Foundation, schematic of v2): its interface chip carries the bytes of P0.06 and P1.08.
 * Pins 0 to 2 are the large contacts, of which 2 marks windows; 3 to 6 are the contacts 13 to 16, 7 and 8 the buttons A and B,
 * 9 the LED in the middle, whose column is held low.
 */
#define BOARD_UART_TX PIN(0, 6)
#define BOARD_UART_RX PIN(1, 8)
#define BOARD_MARK_PIN 2
#define BOARD_LED_PIN 9
#define BOARD_LED_RETURN PIN(0, 31)
#define BOARD_LOW_LED_FIRST 10
#define BOARD_PINS \
  {PIN(0, 2), 0, BOTH}, {PIN(0, 3), 1, BOTH}, {PIN(0, 4), -1, WRITTEN}, {PIN(0, 17), -1, BOTH}, {PIN(0, 1), -1, BOTH}, \
  {PIN(0, 13), -1, BOTH}, {PIN(1, 2), -1, BOTH}, {PIN(0, 14), -1, READ}, {PIN(0, 23), -1, READ}, {PIN(0, 15), -1, WRITTEN}
#define BOARD_MICROPHONE_POWER PIN(0, 20)
#define BOARD_MICROPHONE_INPUT 3
#define BOARD_INTERRUPTS 48
#define BOARD_VECTORS \
  [16 + 2] = uart_handler, \
  [16 + 7] = audio_handler, \
  [16 + 8] = timer_handler,
