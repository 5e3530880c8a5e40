/* Interrupt handlers that the vector table names. */
#ifndef MILLIWATT_VECTORS_H
#define MILLIWATT_VECTORS_H

/* The clock went round. */
void clock_handler(void);

/* A byte came. */
void uart_handler(void);

/* A fault, or an interrupt that nobody awaits: stops, unless the firmware brings its own. */
void fault_handler(void);

#endif
