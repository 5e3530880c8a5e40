/* What firmware asks of a board. Every port in this folder gives these functions. */
#ifndef MILLIWATT_PORT_H
#define MILLIWATT_PORT_H

#include <stddef.h>
#include <stdint.h>

/* Makes clock, link and pins ready; to be called once, before all else. */
void port_setup(void);

/* The next byte that came over the link, or -1 where none waits. */
int port_read(void);

/* Bytes that may come over the link while nobody reads. */
extern const uint16_t port_read_room;

/* Hands bytes to the link; returns when all are taken. */
void port_write(const uint8_t *bytes, size_t count);

/* Sleeps until an interrupt: a byte that came, or the clock. May return at once. */
void port_wait(void);

/* Ticks of a clock since setup, not to be asked for in an interrupt, and how many it makes a second. */
uint64_t port_ticks(void);
extern const uint32_t port_ticks_hz;

/* Sets the pin that marks windows for a meter. */
void port_mark(int level);

/* Pins of the board, by numbers from 0 on; a port says in its table what they are. */
enum { PORT_PIN_INPUT = 1, PORT_PIN_OUTPUT = 2, PORT_PIN_PULLUP = 4, PORT_PIN_ANALOG = 8 };
extern const uint8_t port_pins;
/* The pin with an LED on the board that a spotted word lights. */
extern const uint8_t port_led;
/* Modes that a pin can be in: a sum of the above. */
int port_pin_modes(int pin);
/* Puts a pin into one of its modes. */
void port_pin_mode(int pin, int mode);
void port_pin_write(int pin, int level);
int port_pin_read(int pin);
/* Voltage of an analog pin, 0 to 1023 of the full scale. */
int port_pin_analog(int pin);

/* Starts the microphone at 16 kHz, or stops it; 0 where the board has none. */
int port_audio(int on);
/* Takes samples that were heard, at most `count`; how many. */
size_t port_audio_read(int16_t *samples, size_t count);
/* Samples that were lost since setup, for nobody took them. */
uint32_t port_audio_lost(void);

/* Restarts into the board's bootloader; returns where that is not possible. */
void port_bootloader(void);

#endif
