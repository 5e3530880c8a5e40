#include "../include/milliwatt.h"

/* Copies runs of bytes inside the arena; a row of the table is from, to, bytes. */
MW_KERNEL void mw_move(uint8_t *arena, const uint32_t (*copies)[3], int32_t count)
{
  for (int32_t i = 0; i < count; i++) memcpy(arena + copies[i][1], arena + copies[i][0], copies[i][2]);
}
