/* Clocks and resets of the RP2040. */
#ifndef MILLIWATT_CLOCKS_H
#define MILLIWATT_CLOCKS_H

/* 125 MHz for processor and UART, 48 MHz for USB and converter, 1 MHz for the timer; takes what the port uses out of reset. */
void clocks_setup(void);

#endif
