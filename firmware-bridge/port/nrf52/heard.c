#include "heard.h"

#include "../port.h"
#include "registers.h"

enum { BLOCKS = 8 };

static int16_t blocks[BLOCKS][HEARD_BLOCK];
/* Blocks handed to the converter since the start; of these the last two are being filled or will be. */
static volatile uint32_t handed;
/* Samples taken, in the same count. */
static uint32_t taken;
static volatile uint32_t lost;

void heard_start(void)
{
  handed = 0;
  taken = 0;
}

int16_t *heard_next(void)
{
  int16_t *block = blocks[handed % BLOCKS];
  handed++;
  return block;
}

size_t port_audio_read(int16_t *samples, size_t count)
{
  const uint32_t held = interrupts_hold();
  const uint32_t ready = handed < 2 ? 0 : (handed - 2) * HEARD_BLOCK;
  const uint32_t kept = (BLOCKS - 2) * HEARD_BLOCK;
  /* What the converter has written over is gone. */
  if (ready - taken > kept) {
    lost += ready - kept - taken;
    taken = ready - kept;
  }
  interrupts_release(held);
  size_t given = 0;
  while (given < count && taken != ready) {
    samples[given++] = blocks[taken / HEARD_BLOCK % BLOCKS][taken % HEARD_BLOCK];
    taken++;
  }
  return given;
}

uint32_t port_audio_lost(void) { return lost; }
