/* Pins of a board with an nRF52. */
#ifndef MILLIWATT_PINS_H
#define MILLIWATT_PINS_H

/* Makes outputs of LEDs and the mark, all off. */
void pins_setup(void);

#endif
