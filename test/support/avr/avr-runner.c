/* An ATmega328P in simavr: its UART on standard input and output, commands of one byte on descriptor 3:
 * 'r' resets it from outside, 'd' writes the program counter (4 bytes, little-endian) and all of its flash to
 * descriptor 4. Arguments: the bootloader as raw bytes, the address that it begins at. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "avr_uart.h"
#include "sim_avr.h"
#include "sim_irq.h"

enum { CONTROL = 3, DUMP = 4, BATCH = 500, SPEED = 8 };

static int may_send = 1;

static void on_xon(struct avr_irq_t *irq, uint32_t value, void *param) { may_send = 1; }
static void on_xoff(struct avr_irq_t *irq, uint32_t value, void *param) { may_send = 0; }

static void write_all(int fd, const uint8_t *bytes, size_t count)
{
  while (count > 0) {
    const ssize_t done = write(fd, bytes, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) exit(0);
    bytes += done;
    count -= (size_t)done;
  }
}

static void on_output(struct avr_irq_t *irq, uint32_t value, void *param)
{
  const uint8_t byte = (uint8_t)value;
  write_all(STDOUT_FILENO, &byte, 1);
}

static void silent(avr_t *avr, const int level, const char *format, va_list ap) {}

static void reset(avr_t *avr)
{
  avr_reset(avr);
  avr->pc = avr->reset_pc;
  avr->state = cpu_Running;
  may_send = 1;
  /* Optiboot listens after a reset from outside alone. */
  avr_regbit_setto_raw(avr, avr->reset_flags.wdrf, 0);
  avr_regbit_set(avr, avr->reset_flags.extrf);
}

static void dump(avr_t *avr)
{
  const uint32_t pc = avr->pc;
  const uint8_t head[4] = {(uint8_t)pc, (uint8_t)(pc >> 8), (uint8_t)(pc >> 16), (uint8_t)(pc >> 24)};
  write_all(DUMP, head, sizeof head);
  write_all(DUMP, avr->flash, avr->flashend + 1);
}

/* Waits until the chip is not further ahead than SPEED times real time. */
static void hold_back(const avr_t *avr, const struct timespec *began)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double real = (double)(now.tv_sec - began->tv_sec) + 1e-9 * (double)(now.tv_nsec - began->tv_nsec);
  const double ahead = (double)avr->cycle / avr->frequency / SPEED - real;
  if (ahead > 0.0005) usleep((useconds_t)(1e6 * ahead));
}

static void serve(avr_t *avr, avr_irq_t *input)
{
  struct pollfd files[2] = {{STDIN_FILENO, POLLIN, 0}, {CONTROL, POLLIN, 0}};
  if (poll(files, 2, 0) <= 0) return;
  uint8_t byte;
  if (files[1].revents) {
    if (read(CONTROL, &byte, 1) != 1) exit(0);
    if (byte == 'r') reset(avr);
    if (byte == 'd') dump(avr);
  } else if (may_send && (files[0].revents & POLLIN) && read(STDIN_FILENO, &byte, 1) == 1) {
    avr_raise_irq(input, byte);
  }
}

int main(int count, char **arguments)
{
  if (count != 3) return 2;
  static uint8_t code[32768];
  FILE *file = fopen(arguments[1], "rb");
  if (!file) return 2;
  const size_t size = fread(code, 1, sizeof code, file);
  const uint32_t address = (uint32_t)strtoul(arguments[2], NULL, 16);
  avr_global_logger_set(silent);
  avr_t *avr = avr_make_mcu_by_name("atmega328p");
  if (!avr) return 2;
  avr_init(avr);
  avr->frequency = 16000000;
  memset(avr->flash, 0xff, avr->flashend + 1);
  memcpy(avr->flash + address, code, size);
  avr->codeend = avr->flashend;
  avr->reset_pc = address;

  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
  flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POOL_SLEEP);
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  avr_irq_t *input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_output, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_xon, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), on_xoff, NULL);
  reset(avr);
  struct timespec began;
  clock_gettime(CLOCK_MONOTONIC, &began);
  for (;;) {
    for (int i = 0; i < BATCH; i++) avr_run(avr);
    serve(avr, input);
    hold_back(avr, &began);
  }
}
