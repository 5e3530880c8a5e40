/* Bytes that came over the link and were not read yet. Answers `port_read`, `port_read_room` and `port_wait`. */
#ifndef MILLIWATT_RECEIVED_H
#define MILLIWATT_RECEIVED_H

#include <stdint.h>

/* Keeps a byte, in the link's interrupt; one for which there is no room is lost. */
void received_put(uint8_t byte);

/* How many bytes there is room for. */
uint32_t received_room(void);

/* Called when a byte was read: a link that can make its sender wait goes on here. Others have none. */
void received_freed(void);

#endif
