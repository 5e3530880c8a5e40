#include "listen.h"

#include "bridge.h"

#if defined(BRIDGE_LISTENS)

#include <string.h>

#include "../audio/frontend.h"
#include "../audio/frontend_steps.h"
#include "../include/bridge_protocol.h"
#include "../port/port.h"
#include "detector.h"
#include "firmata.h"
#include "model.h"
#include "print.h"
#include "session.h"

enum { LABELS = 32, CHUNK = 160, LIT_MS = 1000 };

static mw_frontend frontend;
static int16_t window[MW_FRONTEND_FRAMES * MW_FRONTEND_VALUES];
static uint32_t columns, position;
static uint8_t source;
static uint64_t lit_since;
static int is_lit;

int bridge_listen_can(void) { return bridge_this.listener != NULL; }

int bridge_listen_has_microphone(void)
{
  if (source == BRIDGE_LISTEN_MICROPHONE) return 1;
  const int has = port_audio(1);
  if (has) port_audio(0);
  return has;
}

static void light(int on)
{
  if (!(port_pin_modes(port_led) & PORT_PIN_OUTPUT)) return;
  port_pin_mode(port_led, PORT_PIN_OUTPUT);
  port_pin_write(port_led, on);
  is_lit = on;
  lit_since = port_ticks();
}

static void tell(int label)
{
  const char *text = bridge_this.listener->labels[label];
  const double score = (double)detector_score(label);
  light(1);
  firmata_word((uint8_t)label, (uint8_t)(score * 255));
  if (session_is_open()) {
    const message_word message = {(uint8_t)label, position, score, (const uint8_t *)text, strlen(text)};
    session_send(MESSAGE_WORD, message_put_word(session_content(), &message));
    return;
  }
  print_text("word ");
  print_text(text);
  print_text(" ");
  print_thousandths(score);
  print_text("\r\n");
}

/* The window as the net's input takes it. */
static void fill_input(const bridge_tensor *input)
{
  for (int frame = 0; frame < MW_FRONTEND_FRAMES; frame++) {
    const int16_t *values = window + frame * MW_FRONTEND_VALUES;
    uint8_t *to = bridge_this.inputs + (size_t)frame * MW_FRONTEND_VALUES * (input->dtype == BRIDGE_FLOAT32 ? 4 : 1);
    if (input->dtype != BRIDGE_FLOAT32) {
      mw_frontend_quantize(values, (int8_t *)to);
      continue;
    }
    for (int i = 0; i < MW_FRONTEND_VALUES; i++) {
      const float value = (float)values[i] / 256;
      memcpy(to + 4 * i, &value, 4);
    }
  }
}

static void look(void)
{
  const bridge_listener *listener = bridge_this.listener;
  float scores[LABELS];
  fill_input(&bridge_model_this()->input[0]);
  bridge_model_run();
  for (uint32_t label = 0; label < listener->label_count && label < LABELS; label++)
    scores[label] = (float)bridge_model_result(label);
  const double time_s = listener->frame_s + (double)(columns - 1) * listener->hop_s;
  const int label = detector_push(scores, time_s);
  if (label >= 0) tell(label);
}

/* Takes samples; looks where a step is full, unless this is the silence before the beginning. */
static void hear(const int16_t *samples, size_t count, int looks)
{
  int8_t column[MW_FRONTEND_VALUES];
  while (count > 0) {
    size_t taken;
    const int ended = mw_frontend_push(&frontend, samples, count, &taken, column);
    samples += taken;
    count -= taken;
    position += (uint32_t)taken;
    if (!ended) continue;
    memmove(window, window + MW_FRONTEND_VALUES, sizeof window - sizeof frontend.values);
    memcpy(window + sizeof window / sizeof *window - MW_FRONTEND_VALUES, frontend.values, sizeof frontend.values);
    columns++;
    if (looks && columns % bridge_this.listener->step == 0) look();
  }
}

/* As after a clip of silence. */
static void begin(void)
{
  static const int16_t silence[CHUNK];
  mw_frontend_reset(&frontend);
  memset(window, 0, sizeof window);
  size_t left = MW_FRONTEND_FRAME + (size_t)(MW_FRONTEND_FRAMES - 1) * MW_FRONTEND_HOP;
  for (; left > 0; left -= left < CHUNK ? left : CHUNK) hear(silence, left < CHUNK ? left : CHUNK, 0);
  /* The first frame is all of the stream, so that a column's end is a known time of it. */
  mw_frontend_reset(&frontend);
  columns = position = 0;
}

int bridge_listen_start(uint8_t from, uint8_t threshold)
{
  if (source == BRIDGE_LISTEN_MICROPHONE) port_audio(0);
  source = BRIDGE_LISTEN_NOT;
  if (from == BRIDGE_LISTEN_NOT) return 1;
  if (!bridge_this.listener || bridge_model_chosen() != 0) return 0;
  if (from == BRIDGE_LISTEN_MICROPHONE && !port_audio(1)) return 0;
  if (from > BRIDGE_LISTEN_MICROPHONE) return 0;
  detector_reset(threshold);
  bridge_model_reset();
  begin();
  source = from;
  return 1;
}

void bridge_listen_take(uint32_t at, const uint8_t *samples, size_t bytes)
{
  if (source != BRIDGE_LISTEN_LINK) return;
  if (at != position) {
    const message_gap message = {at, at - position};
    session_send(MESSAGE_GAP, message_put_gap(session_content(), &message));
    position = at;
  }
  int16_t chunk[CHUNK];
  for (size_t left = bytes / 2; left > 0;) {
    const size_t count = left < CHUNK ? left : CHUNK;
    memcpy(chunk, samples, 2 * count);
    samples += 2 * count;
    left -= count;
    hear(chunk, count, 1);
  }
}

int bridge_listen_work(void)
{
  if (is_lit && (port_ticks() - lit_since) / (port_ticks_hz / 1000) >= LIT_MS) light(0);
  if (source != BRIDGE_LISTEN_MICROPHONE) return is_lit;
  int16_t chunk[CHUNK];
  const size_t count = port_audio_read(chunk, CHUNK);
  hear(chunk, count, 1);
  return count > 0 || is_lit;
}

#else

int bridge_listen_can(void) { return 0; }
int bridge_listen_has_microphone(void) { return 0; }
int bridge_listen_start(uint8_t source, uint8_t threshold) { return (void)threshold, source == BRIDGE_LISTEN_NOT; }
void bridge_listen_take(uint32_t position, const uint8_t *samples, size_t bytes)
{
  (void)position, (void)samples, (void)bytes;
}
int bridge_listen_work(void) { return 0; }

#endif
