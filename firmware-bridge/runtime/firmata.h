/* A subset of Firmata 2.5: pins, their modes, and reports. Frames of a session carry it as well. */
#ifndef BRIDGE_FIRMATA_H
#define BRIDGE_FIRMATA_H

#include <stdint.h>

/* Sets pins and reports as at start. */
void firmata_reset(void);

/* Whether a message has begun and not ended. */
int firmata_is_open(void);

/* Takes a byte. */
void firmata_take(uint8_t byte);

/* Sends what changed, where a host asked for it; 1 while one asks. */
int firmata_report(void);

/* Tells of a spotted word: user message 1 [label][score 7 bits], where a host spoke Firmata before. */
void firmata_word(uint8_t label, uint8_t score);

#endif
