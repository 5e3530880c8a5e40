/* The UART of the nRF52, at 115200 baud. */
#ifndef MILLIWATT_UART_H
#define MILLIWATT_UART_H

#include <stddef.h>
#include <stdint.h>

/* Starts it on the pins BOARD_UART_TX and BOARD_UART_RX. What comes is kept by `received_put`. */
void uart_setup(void);

/* Returns when all bytes are on their way. */
void uart_write(const uint8_t *bytes, size_t count);

/* A byte came over it. Nothing, where a port has no other link. */
void uart_heard(void);

#endif
