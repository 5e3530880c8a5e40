/* The clock of the nRF52: TIMER0, as the processor's own clock stands still in sleep. */
#ifndef MILLIWATT_TICKS_H
#define MILLIWATT_TICKS_H

/* Starts the crystal, which USB and samples need too, and the clock. */
void ticks_setup(void);

/* Called by the clock some fifteen times a second, in its interrupt. Nothing, where a port has none. */
void ticks_wake(void);

#endif
