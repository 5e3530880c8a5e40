/* Interrupt handlers that vector tables name; `BOARD_VECTORS` in a port's board.h says which interrupts they take. */
#ifndef MILLIWATT_VECTORS_H
#define MILLIWATT_VECTORS_H

/* Where all begins. */
void reset_handler(void);

/* The processor's own clock went round. */
void clock_handler(void);

/* A timer of the chip. */
void timer_handler(void);

/* A byte came. */
void uart_handler(void);

/* The USB controller, and its supply where that has an interrupt of its own. */
void usb_handler(void);
void power_handler(void);

/* Samples of a microphone. */
void audio_handler(void);

/* A fault, or an interrupt that nobody awaits: stops, unless the firmware brings its own. */
void fault_handler(void);

#endif
