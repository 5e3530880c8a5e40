/* What firmware asks of a board. Every port in this folder gives these functions. */
#ifndef MILLIWATT_PORT_H
#define MILLIWATT_PORT_H

#include <stddef.h>
#include <stdint.h>

/* Makes clock, link and pin ready; to be called once, before all else. */
void port_setup(void);

/* The next byte that came over the link, or -1 where none waits. */
int port_read(void);

/* Hands bytes to the link; returns when all are taken. */
void port_write(const uint8_t *bytes, size_t count);

/* Sleeps until an interrupt: a byte that came, or the clock. May return at once. */
void port_wait(void);

/* Ticks of a clock since setup, not to be asked for in an interrupt, and how many it makes a second. */
uint64_t port_ticks(void);
extern const uint32_t port_ticks_hz;

/* Sets the pin that marks windows for a meter. */
void port_mark(int level);

#endif
