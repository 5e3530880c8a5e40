/* Samples of a microphone that wait for `port_audio_read`. */
#ifndef MILLIWATT_HEARD_H
#define MILLIWATT_HEARD_H

#include <stddef.h>
#include <stdint.h>

/* Samples that a converter brings at a time: 16 ms. */
enum { HEARD_BLOCK = 256 };

/* Forgets what waits. */
void heard_start(void);
/* The block that a converter fills next. Called at the start and whenever it began one, in its interrupt: so two are in use. */
int16_t *heard_next(void);

#endif
