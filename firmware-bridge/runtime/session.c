#include "session.h"

#include <string.h>

#include "../include/bridge_protocol.h"
#include "../port/port.h"
#include "serve.h"

enum { VERSION = 1, LENGTH = 2 };

static int is_open;
static session_counts counts;
/* The number that the next frame from the host has, and the one that the next to it gets. */
static uint8_t expected, next;
/* Frames that the host may ask for again, each behind its length: [type][seq][ack][content]. */
static uint8_t kept[BRIDGE_KEPT];
static size_t kept_bytes;
static uint8_t kept_frames;
static uint8_t out[FRAME_MOST];

int session_is_open(void) { return is_open; }
session_counts session_counted(void) { return counts; }
uint8_t *session_content(void) { return out + FRAME_HEAD; }

static void send(uint8_t type, uint8_t seq, size_t count)
{
  out[0] = type;
  out[1] = seq;
  out[2] = expected;
  frame_send(out, FRAME_HEAD + count);
}

static void acknowledge(uint8_t again)
{
  const message_ack ack = {again};
  send(MESSAGE_ACK, 0, message_put_ack(session_content(), &ack));
}

int session_send(uint8_t type, size_t count)
{
  const size_t bytes = FRAME_HEAD + count;
  if (!is_open || kept_bytes + LENGTH + bytes > sizeof kept) {
    counts.dropped++;
    return 0;
  }
  send(type, next++, count);
  const uint16_t length = (uint16_t)bytes;
  memcpy(kept + kept_bytes, &length, LENGTH);
  memcpy(kept + kept_bytes + LENGTH, out, bytes);
  kept_bytes += LENGTH + bytes;
  kept_frames++;
  return 1;
}

static size_t kept_length(size_t at)
{
  uint16_t length;
  memcpy(&length, kept + at, LENGTH);
  return length;
}

/* The host has all frames before this number. */
static void forget(uint8_t ack)
{
  const uint8_t have = (uint8_t)(ack - (uint8_t)(next - kept_frames));
  if (have == 0 || have > kept_frames) return;
  size_t bytes = 0;
  for (uint8_t i = 0; i < have; i++) bytes += LENGTH + kept_length(bytes);
  memmove(kept, kept + bytes, kept_bytes - bytes);
  kept_bytes -= bytes;
  kept_frames = (uint8_t)(kept_frames - have);
}

static void send_kept(void)
{
  for (size_t at = 0; at < kept_bytes; at += LENGTH + kept_length(at)) {
    const size_t bytes = kept_length(at);
    memcpy(out, kept + at + LENGTH, bytes);
    out[2] = expected;
    frame_send(out, bytes);
  }
}

static void open(const uint8_t *content, size_t count)
{
  message_hello hello;
  if (!message_get_hello(content, count, &hello)) return;
  const uint16_t unsent = is_open ? kept_frames : 0;
  is_open = 1;
  expected = next = kept_frames = 0;
  kept_bytes = 0;
  memset(&counts, 0, sizeof counts);
  const message_welcome welcome = {hello.nonce, VERSION, port_read_room, BRIDGE_PAYLOAD, unsent};
  send(MESSAGE_WELCOME, 0, message_put_welcome(session_content(), &welcome));
  bridge_session_began();
}

static void control(uint8_t type, const uint8_t *content, size_t count)
{
  message_ack ack;
  if (type == MESSAGE_HELLO) open(content, count);
  if (type == MESSAGE_BYE && is_open) {
    is_open = 0;
    bridge_session_ended();
  }
  if (type == MESSAGE_ACK && is_open && message_get_ack(content, count, &ack) && ack.again) {
    /* An end that asks may wait for either: what was sent, or to hear how far it came itself. */
    if (kept_frames > 0) send_kept();
    else acknowledge(0);
  }
}

/* Whether a request can be carried out now, and its answer would find room. */
static int is_ready(void) { return !bridge_is_busy() && kept_bytes + LENGTH + FRAME_HEAD + BRIDGE_PAYLOAD <= sizeof kept; }

void session_take(uint8_t *wire, size_t count)
{
  const size_t bytes = frame_read(wire, count);
  if (bytes == 0) {
    session_damaged();
    return;
  }
  const uint8_t type = wire[0], seq = wire[1];
  if (is_open && type != MESSAGE_HELLO) forget(wire[2]);
  if (type < MESSAGE_DESCRIBE) {
    control(type, wire + FRAME_HEAD, bytes - FRAME_HEAD);
    return;
  }
  if (!is_open) {
    send(MESSAGE_STRANGER, 0, 0);
    return;
  }
  if (seq != expected || !is_ready()) {
    counts.out_of_turn++;
    /* What came before is only told again; a gap is asked for. */
    acknowledge((int8_t)(uint8_t)(seq - expected) > 0);
    return;
  }
  expected++;
  acknowledge(0);
  bridge_message(type, seq, wire + FRAME_HEAD, bytes - FRAME_HEAD);
}

void session_damaged(void)
{
  counts.damaged++;
  if (is_open) acknowledge(1);
}
