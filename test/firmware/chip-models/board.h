/* A board's port on a processor with 32 interrupts: those beyond come as the 20th. BOARD names the header of the board. */
#include BOARD

#undef BOARD_INTERRUPTS
#undef BOARD_VECTORS
#define BOARD_INTERRUPTS 32
#if defined(BOARD_USB_VENDOR)
#define BOARD_VECTORS \
  [16 + 0] = power_handler, \
  [16 + 2] = uart_handler, \
  [16 + 8] = timer_handler, \
  [16 + 20] = usb_handler, \
  [16 + 29] = audio_handler,
#elif defined(BOARD_MICROPHONE_INPUT)
#define BOARD_VECTORS \
  [16 + 2] = uart_handler, \
  [16 + 7] = audio_handler, \
  [16 + 8] = timer_handler,
#else
#define BOARD_VECTORS [16 + 20] = uart_handler,
#endif
