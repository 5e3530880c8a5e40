#include "mlperf.h"

#include <string.h>

#include "../port/port.h"
#include "listen.h"
#include "model.h"
#include "print.h"

enum { LONGEST = 79 };

static char line[LONGEST + 1];
static size_t line_count;
/* The generic byte buffer: how long it was made, how much of it came. */
static uint32_t wanted, filled;
static int has_run;

static void say(const char *text)
{
  print_text(text);
  print_text("\r\n");
}

static void say_number(const char *before, uint32_t number, const char *after)
{
  print_text(before);
  print_number(number);
  say(after);
}

static void say_in(const char *before, const char *text)
{
  print_text(before);
  print_text(text);
  say("]");
}

/* So long a level holds, at least, that a meter of 100 000 samples a second sees it. */
#define PULSE_US 100

static void hold(void)
{
  const uint64_t from = port_ticks();
  while ((port_ticks() - from) * 1000000 / port_ticks_hz < PULSE_US) {
  }
}

/*
 * By text and by a falling edge on the pin; the pin stays high in between the two of a window, for meters that look at levels.
 * 32 bits of microseconds, as the reference has them.
 */
static void stamp(int is_start)
{
  port_mark(1);
  hold();
  port_mark(0);
  const uint64_t ticks = port_ticks();
  if (is_start) {
    hold();
    port_mark(1);
  }
  const uint64_t microseconds = ticks / port_ticks_hz * 1000000 + ticks % port_ticks_hz * 1000000 / port_ticks_hz;
  say_number("m-lap-us-", (uint32_t)microseconds, "");
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* The integer that a text begins with, as atoi reads it; at most 2^31 - 1. */
static int32_t integer_of(const char *text)
{
  while (*text == ' ') text++;
  const int is_negative = *text == '-';
  if (*text == '-' || *text == '+') text++;
  int64_t value = 0;
  for (; is_digit(*text) && value < INT32_MAX; text++) value = value * 10 + (*text - '0');
  if (value > INT32_MAX) value = INT32_MAX;
  return (int32_t)(is_negative ? -value : value);
}

static int hex_of(char c)
{
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static uint32_t most_bytes(void) { return bridge_this.inputs_room; }

static void buffer_load(const char *size)
{
  const int32_t bytes = integer_of(size);
  if (bytes <= 0) {
    say("e-[Command 'db load' must be >0 bytes]");
  } else if ((uint32_t)bytes > most_bytes()) {
    print_text("Supplied buffer size ");
    print_number((uint32_t)bytes);
    say_number(" exceeds maximum of ", most_bytes(), "");
  } else {
    wanted = (uint32_t)bytes;
    filled = 0;
    memset(bridge_this.inputs, 0, wanted);
    say_number("m-[Expecting ", wanted, " bytes]");
  }
}

static void buffer_take(const char *digits)
{
  const uint32_t before = filled;
  const char *error = NULL;
  char pair[3] = {0};
  for (; digits[0]; digits += 2) {
    if (!digits[1]) {
      /* The reference spells it so, and runners may look for it. */
      error = "e-[Insufficent number of hex digits]";
      break;
    }
    if (hex_of(digits[0]) < 0 || hex_of(digits[1]) < 0) {
      pair[0] = digits[0];
      pair[1] = digits[1];
      break;
    }
    if (filled < wanted) bridge_this.inputs[filled++] = (uint8_t)(16 * hex_of(digits[0]) + hex_of(digits[1]));
  }
  if (filled == wanted && filled > before) say("m-load-done");
  if (pair[0]) {
    print_text("e-[Invalid hex digit '");
    print_text(pair);
    say("']");
  }
  if (error) say(error);
}

static void buffer_print(void)
{
  for (uint32_t at = 0; at < wanted; at++) {
    if (at % 8 == 0) print_text("m-buffer-");
    print_hex(bridge_this.inputs[at]);
    if (at % 8 == 7 || at + 1 == wanted) say("");
    else print_text("-");
  }
}

static void buffer(const char *first, const char *second)
{
  if (!first) say("e-[Command 'db' requires a subcommand]");
  else if (!strcmp(first, "load")) buffer_load(second ? second : "");
  else if (!strcmp(first, "print")) buffer_print();
  else buffer_take(first);
}

static void results(void)
{
  const uint32_t count = bridge_model_results();
  print_text("m-results-[");
  for (uint32_t at = 0; at < count; at++) {
    if (at > 0) print_text(",");
    print_thousandths(bridge_model_result(at));
  }
  say("]");
}

/* Whether the buffer is an input now; float32 of a quantised model is turned into its integers. */
static int is_input(void)
{
  const bridge_model *model = bridge_model_this();
  if (wanted == model->input_bytes) return 1;
  const int is_bytes = model->inputs == 1 && (model->input->dtype == BRIDGE_INT8 || model->input->dtype == BRIDGE_UINT8);
  if (!is_bytes || wanted != 4 * model->input_bytes) return 0;
  bridge_model_quantize();
  wanted = filled = model->input_bytes;
  return 1;
}

static void infer(const char *count, const char *warm)
{
  const int32_t iterations = count ? integer_of(count) : 1;
  const int32_t warmups = warm ? integer_of(warm) : 10;
  if (iterations <= 0) {
    say("e-[Inference iterations must be >0]");
    return;
  }
  if (warmups < 0) {
    say("e-[Inference warmup must be >=0]");
    return;
  }
  if (!is_input()) {
    print_text("e-[The model takes ");
    print_number(bridge_model_this()->input_bytes);
    print_text(" bytes; the buffer holds ");
    print_number(wanted);
    say("]");
    return;
  }
  bridge_listen_start(0, 0);
  bridge_model_reset();
  say_number("m-warmup-start-", (uint32_t)warmups, "");
  for (int32_t i = 0; i < warmups; i++) bridge_model_run();
  say("m-warmup-done");
  say_number("m-infer-start-", (uint32_t)iterations, "");
  stamp(1);
  for (int32_t i = 0; i < iterations; i++) bridge_model_run();
  stamp(0);
  say("m-infer-done");
  has_run = 1;
  results();
}

static const char *const profile = "ULPMark for tinyML Firmware V0.0.1";

static void help(void)
{
  say(profile);
  say("");
  say("help         : Print this information");
  say("name         : Print the name of the device");
  say("timestamp    : Generate a timestamp");
  say("profile      : Print profile and model");
  say("db SUBCMD    : Manipulate a generic byte buffer");
  say("  load N     : Allocate N bytes and set load counter");
  say("  db HH[HH]* : Load 8-bit hex byte(s) until N bytes");
  say("  print      : Print the buffer as hex");
  say("infer N [W=10]: Load input, execute N inferences after W warmup loops");
  say("results      : Return the result fp32 vector");
}

/* The next word of a text, cut off by a zero; NULL behind the last. */
static char *word(char **text)
{
  char *at = *text;
  while (*at == ' ') at++;
  if (!*at) return NULL;
  char *end = at;
  while (*end && *end != ' ') end++;
  *text = *end ? end + 1 : end;
  *end = 0;
  return at;
}

static void carry_out(char *text)
{
  const char *command = word(&text), *first = word(&text), *second = word(&text);
  if (!command) command = "";
  if (!strcmp(command, "name")) say_in("m-name-dut-[", bridge_this.vendor);
  else if (!strcmp(command, "timestamp")) stamp(0);
  else if (!strcmp(command, "help")) help();
  else if (!strcmp(command, "db")) buffer(first, second);
  else if (!strcmp(command, "infer")) infer(first, second);
  else if (!strcmp(command, "profile")) {
    say_in("m-profile-[", profile);
    say_in("m-model-[", bridge_model_this()->benchmark);
  } else if (!strcmp(command, "results")) {
    if (has_run) results();
    else say("e-[No inference was run yet]");
  } else say_in("e-[Unknown command: ", command);
}

void mlperf_boot(void)
{
  wanted = bridge_model_this()->input_bytes;
#if defined(BRIDGE_ENERGY)
  say("m-timestamp-mode-energy");
#else
  say("m-timestamp-mode-performance");
#endif
  stamp(0);
  say("m-init-done");
  say("m-ready");
}

void mlperf_take(char character)
{
  if (character == '\r' || character == '\n') return;
  if (character != '%') {
    if (line_count <= LONGEST) line[line_count++] = character;
    return;
  }
  if (line_count > LONGEST) say("e-[Command longer than 79 characters]");
  else {
    line[line_count] = 0;
    carry_out(line);
  }
  line_count = 0;
  say("m-ready");
}
