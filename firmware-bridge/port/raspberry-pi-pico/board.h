/* Raspberry Pi Pico (Raspberry Pi Pico datasheet, "Pico pinout"): LED on GP25, windows are marked on GP22. */
#define BOARD_CLOCK_HZ 125000000
#define BOARD_BAUD 115200
#define BOARD_LED_PIN 25
#define BOARD_MARK_PIN 22
#define BOARD_USB_VENDOR 0x2e8a
#define BOARD_USB_PRODUCT 0x000a
#define BOARD_USB_NAME "Raspberry Pi Pico"
#define BOARD_INTERRUPTS 32
#define BOARD_VECTORS \
  [16 + 0] = timer_handler, \
  [16 + 5] = usb_handler, \
  [16 + 20] = uart_handler,
