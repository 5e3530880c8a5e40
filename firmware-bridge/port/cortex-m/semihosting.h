/* Files of the host, through a debugger or an emulator that takes semihosting calls; nothing for a board by itself. */
#ifndef MILLIWATT_SEMIHOSTING_H
#define MILLIWATT_SEMIHOSTING_H

#include <stddef.h>

/* Opens a file of the host to read, or to write anew; a handle, -1 where it cannot be opened. */
int semihosting_open(const char *path, int write);

/* Whether all bytes were read or written. */
int semihosting_read(int handle, void *bytes, size_t count);
int semihosting_write(int handle, const void *bytes, size_t count);

/* Ends the emulator with an exit code. */
void semihosting_exit(int code);

#endif
