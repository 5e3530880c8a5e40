/* What the messages of a session do. */
#include <string.h>

#include "../include/bridge_protocol.h"
#include "../port/port.h"
#include "firmata.h"
#include "listen.h"
#include "model.h"
#include "serve.h"
#include "session.h"

static int stopped;

static void fail(uint8_t request, const char *text)
{
  const message_fail message = {request, (const uint8_t *)text, strlen(text)};
  session_send(MESSAGE_FAIL, message_put_fail(session_content(), &message));
}

static void done(uint8_t request)
{
  const message_done message = {request};
  session_send(MESSAGE_DONE, message_put_done(session_content(), &message));
}

/* A text, cut to what a frame takes beside other fields. */
static size_t text_count(const char *text)
{
  const size_t count = strlen(text), most = BRIDGE_PAYLOAD - 64;
  return count < most ? count : most;
}

static void tell_board(uint8_t request)
{
  const message_board message = {
      request,
      bridge_this.clock_hz,
      port_ticks_hz,
      (uint8_t)((bridge_listen_has_microphone() ? 1 : 0) | (bridge_listen_can() ? 2 : 0)),
      bridge_this.model_count,
      bridge_model_chosen(),
      (const uint8_t *)bridge_this.about,
      text_count(bridge_this.about),
  };
  session_send(MESSAGE_BOARD, message_put_board(session_content(), &message));
}

static void tell_model(uint8_t request, uint8_t index)
{
  if (index >= bridge_this.model_count) {
    fail(request, "no such model");
    return;
  }
  const bridge_model *model = &bridge_this.models[index];
  const message_model message = {
      request,       index,       model->inputs, model->outputs, model->layers, model->arena_bytes,
      model->hash, (const uint8_t *)model->name, text_count(model->name),
  };
  session_send(MESSAGE_MODEL, message_put_model(session_content(), &message));
}

static void tell_tensor(uint8_t request, uint8_t side, uint8_t index)
{
  const bridge_model *model = bridge_model_this();
  if (side > 1 || index >= (side ? model->outputs : model->inputs)) {
    fail(request, "no such tensor");
    return;
  }
  const bridge_tensor *tensor = (side ? model->output : model->input) + index;
  const message_tensor message = {
      request,
      tensor->dtype,
      tensor->bytes,
      tensor->scale,
      tensor->zero_point,
      (const uint8_t *)tensor->name,
      text_count(tensor->name),
  };
  session_send(MESSAGE_TENSOR, message_put_tensor(session_content(), &message));
}

static void tell_layer(uint8_t request, uint16_t index)
{
  if (index >= bridge_model_this()->layers) {
    fail(request, "no such layer");
    return;
  }
  const message_layer message = {request, index, bridge_this.layer_ticks[index]};
  session_send(MESSAGE_LAYER, message_put_layer(session_content(), &message));
}

static void write_inputs(const message_write *message)
{
  const uint32_t room = bridge_model_this()->input_bytes;
  if (message->offset > room || message->bytes_count > room - message->offset) bridge_log("input beyond the model's");
  else memcpy(bridge_this.inputs + message->offset, message->bytes, message->bytes_count);
}

static void read_outputs(uint8_t request, const message_read *message)
{
  enum { HEAD = 5 };
  uint8_t bytes[BRIDGE_PAYLOAD - HEAD];
  if (message->count > sizeof bytes || !bridge_model_read(message->offset, bytes, message->count)) {
    fail(request, "output beyond the model's");
    return;
  }
  const message_data answer = {request, message->offset, bytes, message->count};
  session_send(MESSAGE_DATA, message_put_data(session_content(), &answer));
}

static void once(uint8_t flags)
{
  if (flags & (BRIDGE_MARK_LAYERS | BRIDGE_TIME_LAYERS)) bridge_model_run_layers(flags);
  else bridge_model_run();
}

static void run(uint8_t request, const message_run *message)
{
  stopped = 0;
  bridge_listen_start(0, 0);
  for (uint32_t i = 0; i < message->warmups && !stopped; i++) {
    bridge_model_run();
    bridge_poll();
  }
  bridge_model_clear_ticks();
  if (message->flags & BRIDGE_MARK_WINDOW) port_mark(1);
  const uint64_t began = port_ticks();
  uint32_t iterations = 0;
  while (iterations < message->iterations && !stopped) {
    once(message->flags);
    iterations++;
    bridge_poll();
  }
  const uint64_t ticks = port_ticks() - began;
  if (message->flags & BRIDGE_MARK_WINDOW) port_mark(0);
  if (stopped) return;
  const message_ran answer = {request, iterations, ticks};
  session_send(MESSAGE_RAN, message_put_ran(session_content(), &answer));
}

static void choose(uint8_t request, uint8_t index)
{
  if (index >= bridge_this.model_count) {
    fail(request, "no such model");
    return;
  }
  bridge_listen_start(0, 0);
  bridge_model_choose(index);
  done(request);
}

static void listen(uint8_t request, const message_listen *message)
{
  if (bridge_listen_start(message->source, message->threshold)) done(request);
  else fail(request, "the chosen model does not listen, or the board has no microphone");
}

static void tell_counts(uint8_t request)
{
  const session_counts counts = session_counted();
  const message_counts message = {request, counts.damaged, counts.out_of_turn, counts.dropped, port_audio_lost()};
  session_send(MESSAGE_COUNTS, message_put_counts(session_content(), &message));
}

void bridge_log(const char *text)
{
  const message_log message = {(const uint8_t *)text, text_count(text)};
  session_send(MESSAGE_LOG, message_put_log(session_content(), &message));
}

void bridge_session_began(void) { stopped = 1; }

void bridge_session_ended(void)
{
  stopped = 1;
  bridge_listen_start(0, 0);
}

void bridge_message(uint8_t type, uint8_t seq, const uint8_t *content, size_t count)
{
  union {
    message_describe_model model;
    message_describe_tensor tensor;
    message_describe_layer layer;
    message_choose choose;
    message_write write;
    message_read read;
    message_run run;
    message_mark mark;
    message_listen listen;
    message_audio audio;
    message_firmata firmata;
  } m;
  switch (type) {
    case MESSAGE_DESCRIBE: tell_board(seq); return;
    case MESSAGE_DESCRIBE_MODEL:
      if (!message_get_describe_model(content, count, &m.model)) break;
      tell_model(seq, m.model.index);
      return;
    case MESSAGE_DESCRIBE_TENSOR:
      if (!message_get_describe_tensor(content, count, &m.tensor)) break;
      tell_tensor(seq, m.tensor.side, m.tensor.index);
      return;
    case MESSAGE_DESCRIBE_LAYER:
      if (!message_get_describe_layer(content, count, &m.layer)) break;
      tell_layer(seq, m.layer.index);
      return;
    case MESSAGE_CHOOSE:
      if (!message_get_choose(content, count, &m.choose)) break;
      choose(seq, m.choose.index);
      return;
    case MESSAGE_WRITE:
      if (!message_get_write(content, count, &m.write)) break;
      write_inputs(&m.write);
      return;
    case MESSAGE_READ:
      if (!message_get_read(content, count, &m.read)) break;
      read_outputs(seq, &m.read);
      return;
    case MESSAGE_RUN:
      if (!message_get_run(content, count, &m.run)) break;
      run(seq, &m.run);
      return;
    case MESSAGE_RESET:
      bridge_model_reset();
      done(seq);
      return;
    case MESSAGE_MARK:
      if (!message_get_mark(content, count, &m.mark)) break;
      port_mark(m.mark.level);
      done(seq);
      return;
    case MESSAGE_COUNT: tell_counts(seq); return;
    case MESSAGE_LISTEN:
      if (!message_get_listen(content, count, &m.listen)) break;
      listen(seq, &m.listen);
      return;
    case MESSAGE_AUDIO:
      if (!message_get_audio(content, count, &m.audio)) break;
      bridge_listen_take(m.audio.position, m.audio.samples, m.audio.samples_count);
      return;
    case MESSAGE_FIRMATA:
      if (!message_get_firmata(content, count, &m.firmata)) break;
      for (size_t i = 0; i < m.firmata.bytes_count; i++) firmata_take(m.firmata.bytes[i]);
      return;
    case MESSAGE_BOOTLOADER:
      done(seq);
      port_bootloader();
      bridge_log("this board has no bootloader to enter by itself");
      return;
  }
  fail(seq, "not understood");
}
