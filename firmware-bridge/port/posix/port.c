/* The firmware as a program of the host: standard input and output are its link, for tests without an emulator. */
#define _POSIX_C_SOURCE 200809L
#include "../port.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

const uint32_t port_ticks_hz = 1000000000;
const uint16_t port_read_room = 4095;

static uint8_t bytes[4096];
static size_t count, at;
static uint64_t began;
static int marker, levels[4];

static uint64_t now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void port_setup(void) { began = now(); }

/* Whether a byte is there within so many milliseconds. */
static int wait_for_byte(int milliseconds)
{
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&input, 1, milliseconds) > 0;
}

int port_read(void)
{
  if (at < count) return bytes[at++];
  if (!wait_for_byte(0)) return -1;
  const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
  if (got <= 0) exit(0);
  count = (size_t)got;
  at = 0;
  return bytes[at++];
}

void port_write(const uint8_t *from, size_t length)
{
  while (length > 0) {
    const ssize_t put = write(STDOUT_FILENO, from, length);
    if (put < 0) exit(1);
    from += put;
    length -= (size_t)put;
  }
}

void port_wait(void) { wait_for_byte(50); }

uint64_t port_ticks(void) { return now() - began; }

/* The marker is told on standard error. */
void port_mark(int level)
{
  if (level == marker) return;
  marker = level;
  if (write(STDERR_FILENO, level ? "1" : "0", 1) < 0) exit(1);
}

const uint8_t port_pins = 4;
const uint8_t port_led = 0;

int port_pin_modes(int pin) { return pin < 3 ? PORT_PIN_INPUT | PORT_PIN_OUTPUT : PORT_PIN_ANALOG; }
void port_pin_mode(int pin, int mode) { (void)pin, (void)mode; }
void port_pin_write(int pin, int level) { levels[pin] = level; }
int port_pin_read(int pin) { return levels[pin]; }
int port_pin_analog(int pin) { return 100 * pin; }
