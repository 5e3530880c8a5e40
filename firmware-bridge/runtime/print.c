#include "print.h"

#include <string.h>

#include "../port/port.h"

void print_text(const char *text) { port_write((const uint8_t *)text, strlen(text)); }

void print_number(uint32_t number)
{
  char digits[11];
  int at = sizeof digits - 1;
  digits[at] = 0;
  do digits[--at] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  print_text(digits + at);
}

void print_hex(uint8_t byte)
{
  static const char digits[] = "0123456789abcdef";
  const char text[3] = {digits[byte >> 4], digits[byte & 15], 0};
  print_text(text);
}

/* Beyond this a value has no fraction that matters, and no place in an integer. */
#define HUGE_VALUE 4000000.0

void print_thousandths(double value)
{
  if (value != value) {
    print_text("nan");
    return;
  }
  const int is_negative = value < 0;
  double thousandths = (is_negative ? -value : value) * 1000;
  if (thousandths > HUGE_VALUE * 1000) thousandths = HUGE_VALUE * 1000;
  /* A number with at most three decimals, 0.29 say, must not lose its last one to binary fractions. */
  const uint32_t near = (uint32_t)(thousandths + 0.5);
  const double difference = thousandths > near ? thousandths - near : near - thousandths;
  const uint32_t cut = difference < 1e-9 * (near > 1 ? near : 1) ? near : (uint32_t)thousandths;
  if (is_negative && cut > 0) print_text("-");
  print_number(cut / 1000);
  print_text(".");
  const char decimals[4] = {(char)('0' + cut / 100 % 10), (char)('0' + cut / 10 % 10), (char)('0' + cut % 10), 0};
  print_text(decimals);
}
