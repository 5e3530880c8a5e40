/*
 * Frames: [type][seq][ack][content][CRC-32, little-endian], written without zeros (consistent overhead byte stuffing,
 * Cheshire and Baker 1999) between two zeros. The type has its highest bit set, which no text has.
 */
#ifndef BRIDGE_FRAME_H
#define BRIDGE_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* Most bytes of a frame's content. */
#ifndef BRIDGE_PAYLOAD
#define BRIDGE_PAYLOAD 256
#endif

enum { FRAME_HEAD = 3, FRAME_CRC = 4, FRAME_MOST = FRAME_HEAD + BRIDGE_PAYLOAD + FRAME_CRC, FRAME_WIRE = FRAME_MOST + 2 };

/* Appends the CRC to `count` bytes, for which there must be room, and sends them. */
void frame_send(uint8_t *bytes, size_t count);

/* Undoes the stuffing in place and checks the CRC; bytes without it, 0 for what is no frame. */
size_t frame_read(uint8_t *bytes, size_t count);

#endif
