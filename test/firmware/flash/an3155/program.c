/* What is flashed: says so, then gives back every byte, one more. */
#include "port/port.h"

static const char words[] = "milliwatt runs\n";

int main(void)
{
  port_setup();
  port_write((const uint8_t *)words, sizeof words - 1);
  for (;;) {
    const int got = port_read();
    if (got < 0) {
      port_wait();
      continue;
    }
    const uint8_t byte = (uint8_t)(got + 1);
    port_write(&byte, 1);
  }
}
