/* The processor's own clock, SysTick. */
#ifndef MILLIWATT_CLOCK_H
#define MILLIWATT_CLOCK_H

/* Starts it at zero. */
void clock_setup(void);

#endif
