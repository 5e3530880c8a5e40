/*
 * Three dialects on one link. Text until `%` is a command of MLPerf Tiny; a byte with the highest bit set begins a message of
 * Firmata; a zero begins a frame, and the frame `hello` makes all that follows frames, until `bye`. Printable text until `%` in
 * the place of a frame is a command after all: no frame is printable.
 */
#include "serve.h"

#include "../port/port.h"
#include "bridge.h"
#include "firmata.h"
#include "listen.h"
#include "mlperf.h"
#include "model.h"
#include "session.h"

/* A frame that goes on after so long a silence does not: the host went away in its middle. */
#define QUIET_MS 250

static uint8_t wire[FRAME_WIRE];
static size_t wire_count;
static int in_frame, is_printable, is_busy;
static uint64_t heard;

static void begin_frame(void)
{
  in_frame = 1;
  wire_count = 0;
  is_printable = 1;
}

static void take_text(uint8_t byte)
{
  if (byte >= 0x80 || firmata_is_open()) firmata_take(byte);
  else if (byte == 0) begin_frame();
  else mlperf_take((char)byte);
}

/* Text came where a frame was awaited. */
static void leave_frames(void)
{
  in_frame = 0;
  for (size_t i = 0; i < wire_count; i++) take_text(wire[i]);
}

static void take_frame_byte(uint8_t byte)
{
  if (byte == 0) {
    if (wire_count > sizeof wire) session_damaged();
    else if (wire_count > 0) session_take(wire, wire_count);
    begin_frame();
    return;
  }
  is_printable = is_printable && byte >= ' ' && byte < 0x7f;
  if (wire_count < sizeof wire) wire[wire_count++] = byte;
  else wire_count = sizeof wire + 1;
  if (byte == '%' && is_printable) leave_frames();
}

static void take(uint8_t byte)
{
  if (in_frame) take_frame_byte(byte);
  else take_text(byte);
}

/* Firmata's host begins with one of these, over and over. */
static int is_firmata(void)
{
  return wire_count > 0 && wire_count <= 8 && (wire[0] == 0xf9 || wire[0] == 0xff || wire[0] == 0xf0);
}

static void after_silence(void)
{
  if (!in_frame || (port_ticks() - heard) / (port_ticks_hz / 1000) < QUIET_MS) return;
  if (!session_is_open() || is_firmata()) leave_frames();
  else if (wire_count > 0) {
    begin_frame();
    session_damaged();
  }
}

static void take_all(void)
{
  int byte = port_read();
  if (byte < 0) {
    after_silence();
    return;
  }
  for (; byte >= 0; byte = port_read()) take((uint8_t)byte);
  heard = port_ticks();
}

void bridge_poll(void)
{
  /* Commands of text wait for their turn. */
  if (!session_is_open()) return;
  is_busy = 1;
  take_all();
  is_busy = 0;
}

int bridge_is_busy(void) { return is_busy; }

void bridge_serve(void)
{
  bridge_model_choose(0);
  firmata_reset();
  mlperf_boot();
  /* A board that hears spots words by itself, until a host asks for something else. */
  bridge_listen_start(BRIDGE_LISTEN_MICROPHONE, 0);
  for (;;) {
    take_all();
    const int is_awake = firmata_report() | bridge_listen_work();
    if (!is_awake) port_wait();
  }
}
