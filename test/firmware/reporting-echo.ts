/** C: gives back what comes, each byte one more; 255 calls `report`, which stands before it. */
export const reportingEcho = `int main(void)
{
  port_setup();
  for (;;) {
    const int got = port_read();
    const uint8_t byte = (uint8_t)(got + 1);
    if (got < 0) port_wait();
    else if (got == 255) report();
    else port_write(&byte, 1);
  }
}
`
