#include "semihosting.h"

#include <stdint.h>
#include <string.h>

/* Operations of Arm's semihosting specification, version 2. */
enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_RB = 1, OPEN_WB = 5, APPLICATION_EXIT = 0x20026 };

static int call(int operation, const uintptr_t *arguments)
{
  register int r0 __asm__("r0") = operation;
  register const uintptr_t *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

int semihosting_open(const char *path, int write)
{
  const uintptr_t arguments[] = {(uintptr_t)path, write ? OPEN_WB : OPEN_RB, strlen(path)};
  return call(SYS_OPEN, arguments);
}

int semihosting_read(int handle, void *bytes, size_t count)
{
  const uintptr_t arguments[] = {(uintptr_t)handle, (uintptr_t)bytes, count};
  return call(SYS_READ, arguments) == 0;
}

int semihosting_write(int handle, const void *bytes, size_t count)
{
  const uintptr_t arguments[] = {(uintptr_t)handle, (uintptr_t)bytes, count};
  return call(SYS_WRITE, arguments) == 0;
}

void semihosting_exit(int code)
{
  const uintptr_t arguments[] = {APPLICATION_EXIT, (uintptr_t)code};
  call(SYS_EXIT_EXTENDED, arguments);
}
