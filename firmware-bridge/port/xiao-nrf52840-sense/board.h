/*
 * Seeed Studio XIAO nRF52840 Sense (Seeed's schematic of that name): pins 0 to 10 are D0 to D10, of which D6 and D7 are the
 * UART and D10 marks windows; 11 to 13 are the red, green and blue LED, lit by a low level.
 */
#define BOARD_UART_TX PIN(1, 11)
#define BOARD_UART_RX PIN(1, 12)
#define BOARD_MARK_PIN 10
#define BOARD_LED_PIN 12
#define BOARD_LOW_LED_FIRST 11
#define BOARD_PINS \
  {PIN(0, 2), 0, BOTH}, {PIN(0, 3), 1, BOTH}, {PIN(0, 28), 4, BOTH}, {PIN(0, 29), 5, BOTH}, {PIN(0, 4), 2, BOTH}, \
  {PIN(0, 5), 3, BOTH}, {PIN(1, 11), -1, TAKEN}, {PIN(1, 12), -1, TAKEN}, {PIN(1, 13), -1, BOTH}, {PIN(1, 14), -1, BOTH}, \
  {PIN(1, 15), -1, WRITTEN}, {PIN(0, 26), -1, WRITTEN}, {PIN(0, 30), -1, WRITTEN}, {PIN(0, 6), -1, WRITTEN}
#define BOARD_MICROPHONE_POWER PIN(1, 10)
#define BOARD_MICROPHONE_CLOCK PIN(1, 0)
#define BOARD_MICROPHONE_DATA PIN(0, 16)
#define BOARD_USB_VENDOR 0x2886
#define BOARD_USB_PRODUCT 0x8045
#define BOARD_USB_NAME "XIAO nRF52840 Sense"
#define BOARD_INTERRUPTS 48
#define BOARD_VECTORS \
  [16 + 0] = power_handler, \
  [16 + 2] = uart_handler, \
  [16 + 8] = timer_handler, \
  [16 + 29] = audio_handler, \
  [16 + 39] = usb_handler,
