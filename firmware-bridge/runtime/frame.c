#include "frame.h"

#include "../port/port.h"

/* CRC-32 of ISO-HDLC, a nibble at a time: polynomial 0xedb88320 reflected. */
static uint32_t crc_of(const uint8_t *bytes, size_t count)
{
  static const uint32_t table[16] = {
      0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
      0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
  };
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < count; i++) {
    crc = table[(crc ^ bytes[i]) & 15] ^ (crc >> 4);
    crc = table[(crc ^ (bytes[i] >> 4)) & 15] ^ (crc >> 4);
  }
  return ~crc;
}

void frame_send(uint8_t *bytes, size_t count)
{
  static uint8_t wire[FRAME_WIRE + 4];
  const uint32_t crc = crc_of(bytes, count);
  for (int i = 0; i < FRAME_CRC; i++) bytes[count++] = (uint8_t)(crc >> (8 * i));
  size_t code = 1, at = 2;
  wire[0] = 0;
  for (size_t i = 0; i < count; i++) {
    if (bytes[i] != 0) wire[at++] = bytes[i];
    if (bytes[i] == 0 || at - code == 255) {
      wire[code] = (uint8_t)(at - code);
      code = at++;
    }
  }
  wire[code] = (uint8_t)(at - code);
  wire[at++] = 0;
  port_write(wire, at);
}

size_t frame_read(uint8_t *bytes, size_t count)
{
  size_t from = 0, to = 0;
  while (from < count) {
    const size_t code = bytes[from++];
    if (code == 0 || from + code - 1 > count) return 0;
    for (size_t i = 1; i < code; i++) bytes[to++] = bytes[from++];
    if (code < 255 && from < count) bytes[to++] = 0;
  }
  if (to < FRAME_HEAD + FRAME_CRC) return 0;
  to -= FRAME_CRC;
  uint32_t crc = 0;
  for (int i = 0; i < FRAME_CRC; i++) crc |= (uint32_t)bytes[to + i] << (8 * i);
  return crc == crc_of(bytes, to) ? to : 0;
}
