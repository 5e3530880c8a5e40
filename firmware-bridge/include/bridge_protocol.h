/* Generated from messages.json by `npm run gen`. What a frame may hold; numbers are little-endian, as the processor's. */
#ifndef BRIDGE_PROTOCOL_H
#define BRIDGE_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
  /* From the host: opens a session: both ends begin to count at 0; text becomes frames. */
  MESSAGE_HELLO = 0x81,
  /* From the device: answers hello; window: bytes on the wire that may wait unacknowledged, payload: most bytes of a frame's content. */
  MESSAGE_WELCOME = 0x82,
  /* From the host or the device: all before the frame's ack arrived; again: what follows is to be sent once more. */
  MESSAGE_ACK = 0x83,
  /* From the device: no session is open: the device has restarted, or never heard hello. */
  MESSAGE_STRANGER = 0x84,
  /* From the host: closes the session: frames become text. */
  MESSAGE_BYE = 0x85,
  /* From the host: asks for board. */
  MESSAGE_DESCRIBE = 0x90,
  /* From the host: asks for model. */
  MESSAGE_DESCRIBE_MODEL = 0x91,
  /* From the host: asks for tensor of the chosen model; side: 0 inputs, 1 outputs. */
  MESSAGE_DESCRIBE_TENSOR = 0x92,
  /* From the host: asks for layer of the chosen model, with the ticks of the latest run that timed layers. */
  MESSAGE_DESCRIBE_LAYER = 0x93,
  /* From the host: makes a model the one that all else is about, its state as at start. */
  MESSAGE_CHOOSE = 0x94,
  /* From the host: puts bytes into the inputs, which lie one after another. */
  MESSAGE_WRITE = 0x95,
  /* From the host: asks for data: bytes of the outputs, which lie one after another. */
  MESSAGE_READ = 0x96,
  /* From the host: asks for ran; flags: 1 marks the window, 2 marks every layer, 4 times layers. */
  MESSAGE_RUN = 0x97,
  /* From the host: sets the chosen model's state as at start. */
  MESSAGE_RESET = 0x98,
  /* From the host: sets the marker pin. */
  MESSAGE_MARK = 0x99,
  /* From the host: asks for counts of the session. */
  MESSAGE_COUNT = 0x9a,
  /* From the host: spots words; source: 0 stops, 1 audio of this link, 2 the board's microphone; threshold in 1/255 for all words, 0 for the image's own. */
  MESSAGE_LISTEN = 0x9b,
  /* From the host: samples at 16 kHz, int16; position: number of the first since listen. */
  MESSAGE_AUDIO = 0x9c,
  /* From the host or the device: bytes of Firmata. */
  MESSAGE_FIRMATA = 0x9d,
  /* From the host: restarts into the bootloader where the board can. */
  MESSAGE_BOOTLOADER = 0x9e,
  /* From the device: what runs here; features: 1 microphone, 2 spots words; text: board, vendor, build flags, one a line. */
  MESSAGE_BOARD = 0xc0,
  /* From the device: a model; hash: the first 8 bytes of the SHA-256 of its C. */
  MESSAGE_MODEL = 0xc1,
  /* From the device: an input or output; dtype: 0 float32, 1 int8, 2 uint8, 3 int16, 4 int32. */
  MESSAGE_TENSOR = 0xc2,
  /* From the device: a layer; ticks of all iterations together. */
  MESSAGE_LAYER = 0xc3,
  /* From the device: a request was carried out. */
  MESSAGE_DONE = 0xc4,
  /* From the device: bytes that were asked for. */
  MESSAGE_DATA = 0xc5,
  /* From the device: the iterations that were run, and the ticks that they took. */
  MESSAGE_RAN = 0xc6,
  /* From the device: frames since hello: damaged, out of turn, events that found no room; samples of the microphone that nobody took. */
  MESSAGE_COUNTS = 0xc7,
  /* From the device: a request was not carried out. */
  MESSAGE_FAIL = 0xc8,
  /* From the device: a word was spotted; position: samples that were heard. */
  MESSAGE_WORD = 0xd0,
  /* From the device: audio did not follow what came before: samples that are missing. */
  MESSAGE_GAP = 0xd1,
  /* From the device: text for people. */
  MESSAGE_LOG = 0xd2,
};

/* hello: opens a session: both ends begin to count at 0; text becomes frames. */
typedef struct {
  uint32_t nonce;
  uint8_t version;
} message_hello;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_hello(const uint8_t *from, size_t count, message_hello *to)
{
  if (count != 5) return 0;
  memcpy(&to->nonce, from + 0, 4);
  memcpy(&to->version, from + 4, 1);
  return 1;
}

/* welcome: answers hello; window: bytes on the wire that may wait unacknowledged, payload: most bytes of a frame's content. */
typedef struct {
  uint32_t nonce;
  uint8_t version;
  uint16_t window;
  uint16_t payload;
  uint16_t unsent;
} message_welcome;

/* Writes it; how many bytes. */
static inline size_t message_put_welcome(uint8_t *to, const message_welcome *from)
{
  memcpy(to + 0, &from->nonce, 4);
  memcpy(to + 4, &from->version, 1);
  memcpy(to + 5, &from->window, 2);
  memcpy(to + 7, &from->payload, 2);
  memcpy(to + 9, &from->unsent, 2);
  return 11;
}

/* ack: all before the frame's ack arrived; again: what follows is to be sent once more. */
typedef struct {
  uint8_t again;
} message_ack;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_ack(const uint8_t *from, size_t count, message_ack *to)
{
  if (count != 1) return 0;
  memcpy(&to->again, from + 0, 1);
  return 1;
}

/* Writes it; how many bytes. */
static inline size_t message_put_ack(uint8_t *to, const message_ack *from)
{
  memcpy(to + 0, &from->again, 1);
  return 1;
}

/* describe-model: asks for model. */
typedef struct {
  uint8_t index;
} message_describe_model;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_describe_model(const uint8_t *from, size_t count, message_describe_model *to)
{
  if (count != 1) return 0;
  memcpy(&to->index, from + 0, 1);
  return 1;
}

/* describe-tensor: asks for tensor of the chosen model; side: 0 inputs, 1 outputs. */
typedef struct {
  uint8_t side;
  uint8_t index;
} message_describe_tensor;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_describe_tensor(const uint8_t *from, size_t count, message_describe_tensor *to)
{
  if (count != 2) return 0;
  memcpy(&to->side, from + 0, 1);
  memcpy(&to->index, from + 1, 1);
  return 1;
}

/* describe-layer: asks for layer of the chosen model, with the ticks of the latest run that timed layers. */
typedef struct {
  uint16_t index;
} message_describe_layer;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_describe_layer(const uint8_t *from, size_t count, message_describe_layer *to)
{
  if (count != 2) return 0;
  memcpy(&to->index, from + 0, 2);
  return 1;
}

/* choose: makes a model the one that all else is about, its state as at start. */
typedef struct {
  uint8_t index;
} message_choose;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_choose(const uint8_t *from, size_t count, message_choose *to)
{
  if (count != 1) return 0;
  memcpy(&to->index, from + 0, 1);
  return 1;
}

/* write: puts bytes into the inputs, which lie one after another. */
typedef struct {
  uint32_t offset;
  const uint8_t *bytes;
  size_t bytes_count;
} message_write;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_write(const uint8_t *from, size_t count, message_write *to)
{
  if (count < 4) return 0;
  memcpy(&to->offset, from + 0, 4);
  to->bytes = from + 4;
  to->bytes_count = count - 4;
  return 1;
}

/* read: asks for data: bytes of the outputs, which lie one after another. */
typedef struct {
  uint32_t offset;
  uint16_t count;
} message_read;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_read(const uint8_t *from, size_t count, message_read *to)
{
  if (count != 6) return 0;
  memcpy(&to->offset, from + 0, 4);
  memcpy(&to->count, from + 4, 2);
  return 1;
}

/* run: asks for ran; flags: 1 marks the window, 2 marks every layer, 4 times layers. */
typedef struct {
  uint32_t iterations;
  uint32_t warmups;
  uint8_t flags;
} message_run;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_run(const uint8_t *from, size_t count, message_run *to)
{
  if (count != 9) return 0;
  memcpy(&to->iterations, from + 0, 4);
  memcpy(&to->warmups, from + 4, 4);
  memcpy(&to->flags, from + 8, 1);
  return 1;
}

/* mark: sets the marker pin. */
typedef struct {
  uint8_t level;
} message_mark;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_mark(const uint8_t *from, size_t count, message_mark *to)
{
  if (count != 1) return 0;
  memcpy(&to->level, from + 0, 1);
  return 1;
}

/* listen: spots words; source: 0 stops, 1 audio of this link, 2 the board's microphone; threshold in 1/255 for all words, 0 for the image's own. */
typedef struct {
  uint8_t source;
  uint8_t threshold;
} message_listen;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_listen(const uint8_t *from, size_t count, message_listen *to)
{
  if (count != 2) return 0;
  memcpy(&to->source, from + 0, 1);
  memcpy(&to->threshold, from + 1, 1);
  return 1;
}

/* audio: samples at 16 kHz, int16; position: number of the first since listen. */
typedef struct {
  uint32_t position;
  const uint8_t *samples;
  size_t samples_count;
} message_audio;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_audio(const uint8_t *from, size_t count, message_audio *to)
{
  if (count < 4) return 0;
  memcpy(&to->position, from + 0, 4);
  to->samples = from + 4;
  to->samples_count = count - 4;
  return 1;
}

/* firmata: bytes of Firmata. */
typedef struct {
  const uint8_t *bytes;
  size_t bytes_count;
} message_firmata;

/* Reads it; 0 where the bytes are not one. */
static inline int message_get_firmata(const uint8_t *from, size_t count, message_firmata *to)
{
  to->bytes = from + 0;
  to->bytes_count = count - 0;
  return 1;
}

/* Writes it; how many bytes. */
static inline size_t message_put_firmata(uint8_t *to, const message_firmata *from)
{
  memcpy(to + 0, from->bytes, from->bytes_count);
  return 0 + from->bytes_count;
}

/* board: what runs here; features: 1 microphone, 2 spots words; text: board, vendor, build flags, one a line. */
typedef struct {
  uint8_t request;
  uint32_t clock_hz;
  uint32_t ticks_hz;
  uint8_t features;
  uint8_t models;
  uint8_t chosen;
  const uint8_t *text;
  size_t text_count;
} message_board;

/* Writes it; how many bytes. */
static inline size_t message_put_board(uint8_t *to, const message_board *from)
{
  memcpy(to + 0, &from->request, 1);
  memcpy(to + 1, &from->clock_hz, 4);
  memcpy(to + 5, &from->ticks_hz, 4);
  memcpy(to + 9, &from->features, 1);
  memcpy(to + 10, &from->models, 1);
  memcpy(to + 11, &from->chosen, 1);
  memcpy(to + 12, from->text, from->text_count);
  return 12 + from->text_count;
}

/* model: a model; hash: the first 8 bytes of the SHA-256 of its C. */
typedef struct {
  uint8_t request;
  uint8_t index;
  uint8_t inputs;
  uint8_t outputs;
  uint16_t layers;
  uint32_t arena_bytes;
  uint64_t hash;
  const uint8_t *name;
  size_t name_count;
} message_model;

/* Writes it; how many bytes. */
static inline size_t message_put_model(uint8_t *to, const message_model *from)
{
  memcpy(to + 0, &from->request, 1);
  memcpy(to + 1, &from->index, 1);
  memcpy(to + 2, &from->inputs, 1);
  memcpy(to + 3, &from->outputs, 1);
  memcpy(to + 4, &from->layers, 2);
  memcpy(to + 6, &from->arena_bytes, 4);
  memcpy(to + 10, &from->hash, 8);
  memcpy(to + 18, from->name, from->name_count);
  return 18 + from->name_count;
}

/* tensor: an input or output; dtype: 0 float32, 1 int8, 2 uint8, 3 int16, 4 int32. */
typedef struct {
  uint8_t request;
  uint8_t dtype;
  uint32_t byte_count;
  double scale;
  int32_t zero_point;
  const uint8_t *name;
  size_t name_count;
} message_tensor;

/* Writes it; how many bytes. */
static inline size_t message_put_tensor(uint8_t *to, const message_tensor *from)
{
  memcpy(to + 0, &from->request, 1);
  memcpy(to + 1, &from->dtype, 1);
  memcpy(to + 2, &from->byte_count, 4);
  memcpy(to + 6, &from->scale, 8);
  memcpy(to + 14, &from->zero_point, 4);
  memcpy(to + 18, from->name, from->name_count);
  return 18 + from->name_count;
}

/* layer: a layer; ticks of all iterations together. */
typedef struct {
  uint8_t request;
  uint16_t index;
  uint64_t ticks;
} message_layer;

/* Writes it; how many bytes. */
static inline size_t message_put_layer(uint8_t *to, const message_layer *from)
{
  memcpy(to + 0, &from->request, 1);
  memcpy(to + 1, &from->index, 2);
  memcpy(to + 3, &from->ticks, 8);
  return 11;
}

/* done: a request was carried out. */
typedef struct {
  uint8_t request;
} message_done;

/* Writes it; how many bytes. */
static inline size_t message_put_done(uint8_t *to, const message_done *from)
{
  memcpy(to + 0, &from->request, 1);
  return 1;
}

/* data: bytes that were asked for. */
typedef struct {
  uint8_t request;
  uint32_t offset;
  const uint8_t *bytes;
  size_t bytes_count;
} message_data;

/* Writes it; how many bytes. */
static inline size_t message_put_data(uint8_t *to, const message_data *from)
{
  memcpy(to + 0, &from->request, 1);
  memcpy(to + 1, &from->offset, 4);
  memcpy(to + 5, from->bytes, from->bytes_count);
  return 5 + from->bytes_count;
}

/* ran: the iterations that were run, and the ticks that they took. */
typedef struct {
  uint8_t request;
  uint32_t iterations;
  uint64_t ticks;
} message_ran;

/* Writes it; how many bytes. */
static inline size_t message_put_ran(uint8_t *to, const message_ran *from)
{
  memcpy(to + 0, &from->request, 1);
  memcpy(to + 1, &from->iterations, 4);
  memcpy(to + 5, &from->ticks, 8);
  return 13;
}

/* counts: frames since hello: damaged, out of turn, events that found no room; samples of the microphone that nobody took. */
typedef struct {
  uint8_t request;
  uint32_t damaged;
  uint32_t out_of_turn;
  uint32_t dropped;
  uint32_t lost_samples;
} message_counts;

/* Writes it; how many bytes. */
static inline size_t message_put_counts(uint8_t *to, const message_counts *from)
{
  memcpy(to + 0, &from->request, 1);
  memcpy(to + 1, &from->damaged, 4);
  memcpy(to + 5, &from->out_of_turn, 4);
  memcpy(to + 9, &from->dropped, 4);
  memcpy(to + 13, &from->lost_samples, 4);
  return 17;
}

/* fail: a request was not carried out. */
typedef struct {
  uint8_t request;
  const uint8_t *text;
  size_t text_count;
} message_fail;

/* Writes it; how many bytes. */
static inline size_t message_put_fail(uint8_t *to, const message_fail *from)
{
  memcpy(to + 0, &from->request, 1);
  memcpy(to + 1, from->text, from->text_count);
  return 1 + from->text_count;
}

/* word: a word was spotted; position: samples that were heard. */
typedef struct {
  uint8_t label;
  uint32_t position;
  double score;
  const uint8_t *text;
  size_t text_count;
} message_word;

/* Writes it; how many bytes. */
static inline size_t message_put_word(uint8_t *to, const message_word *from)
{
  memcpy(to + 0, &from->label, 1);
  memcpy(to + 1, &from->position, 4);
  memcpy(to + 5, &from->score, 8);
  memcpy(to + 13, from->text, from->text_count);
  return 13 + from->text_count;
}

/* gap: audio did not follow what came before: samples that are missing. */
typedef struct {
  uint32_t position;
  uint32_t samples;
} message_gap;

/* Writes it; how many bytes. */
static inline size_t message_put_gap(uint8_t *to, const message_gap *from)
{
  memcpy(to + 0, &from->position, 4);
  memcpy(to + 4, &from->samples, 4);
  return 8;
}

/* log: text for people. */
typedef struct {
  const uint8_t *text;
  size_t text_count;
} message_log;

/* Writes it; how many bytes. */
static inline size_t message_put_log(uint8_t *to, const message_log *from)
{
  memcpy(to + 0, from->text, from->text_count);
  return 0 + from->text_count;
}

#endif
