/* Text to the link, without a library's printf. */
#ifndef BRIDGE_PRINT_H
#define BRIDGE_PRINT_H

#include <stdint.h>

void print_text(const char *text);
void print_number(uint32_t number);
void print_hex(uint8_t byte);

/* A real with three decimals, cut off and not rounded, as the reference firmware prints results. */
void print_thousandths(double value);

#endif
