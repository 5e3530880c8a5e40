/* Spots words in audio of the link or of the board's microphone. */
#ifndef BRIDGE_LISTEN_H
#define BRIDGE_LISTEN_H

#include <stddef.h>
#include <stdint.h>

enum { BRIDGE_LISTEN_NOT, BRIDGE_LISTEN_LINK, BRIDGE_LISTEN_MICROPHONE };

/* Whether the chosen model spots words, and whether the board hears by itself. */
int bridge_listen_can(void);
int bridge_listen_has_microphone(void);

/* Starts at one of the above, or stops; threshold in 1/255 for all words, 0 for the image's own. 0 where that is not possible. */
int bridge_listen_start(uint8_t source, uint8_t threshold);

/* Samples of the link, int16 little-endian. */
void bridge_listen_take(uint32_t position, const uint8_t *samples, size_t bytes);

/* Looks at what the microphone heard; 1 while it must be called again without sleep. */
int bridge_listen_work(void);

#endif
