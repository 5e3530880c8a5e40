/* Clocks of the STM32L4+. */
#ifndef MILLIWATT_CLOCKS_H
#define MILLIWATT_CLOCKS_H

/* 120 MHz, the highest, from the internal oscillator of 16 MHz. */
void clocks_setup(void);

#endif
