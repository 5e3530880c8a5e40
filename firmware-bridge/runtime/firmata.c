#include "firmata.h"

#include <string.h>

#include "../include/bridge_protocol.h"
#include "../port/port.h"
#include "bridge.h"
#include "session.h"

/* Of the Firmata protocol 2.5: messages, sysex commands, modes of pins. */
enum {
  DIGITAL = 0x90,
  REPORT_ANALOG = 0xc0,
  REPORT_DIGITAL = 0xd0,
  SYSEX = 0xf0,
  PIN_MODE = 0xf4,
  PIN_VALUE = 0xf5,
  SYSEX_END = 0xf7,
  VERSION = 0xf9,
  RESET = 0xff,
  ANALOG = 0xe0,
};
enum {
  WORD = 0x01,
  ANALOG_MAPPING = 0x69,
  ANALOG_MAPPING_ANSWER = 0x6a,
  CAPABILITIES = 0x6b,
  CAPABILITIES_ANSWER = 0x6c,
  PIN_STATE = 0x6d,
  PIN_STATE_ANSWER = 0x6e,
  FIRMWARE = 0x79,
  INTERVAL = 0x7a,
};
enum { MODE_INPUT = 0, MODE_OUTPUT = 1, MODE_ANALOG = 2, MODE_PULLUP = 11, MODE_NONE = 127 };
enum { MAJOR = 2, MINOR = 5, PINS = 64, PORTS = PINS / 8, CHANNELS = 16 };

static uint8_t message[64];
static uint8_t message_count, message_wants;
static uint8_t modes[PINS], levels[PINS];
static uint16_t ports_asked, channels_asked;
static uint8_t ports_told[PORTS];
static uint32_t interval_ms;
static uint64_t told;
static int was_spoken;

static uint8_t pins(void) { return port_pins < PINS ? port_pins : PINS; }

/* Where a session is open, its frames carry the bytes. */
static void send(const uint8_t *bytes, size_t count)
{
  if (!session_is_open()) {
    port_write(bytes, count);
    return;
  }
  for (size_t at = 0; at < count; at += BRIDGE_PAYLOAD) {
    const size_t part = count - at < BRIDGE_PAYLOAD ? count - at : BRIDGE_PAYLOAD;
    memcpy(session_content(), bytes + at, part);
    session_send(MESSAGE_FIRMATA, part);
  }
}

/* Which of the analog channels a pin is; 127 for none, as the protocol has it. */
static uint8_t channel_of(int pin)
{
  uint8_t channel = 0;
  if (!(port_pin_modes(pin) & PORT_PIN_ANALOG)) return MODE_NONE;
  for (int before = 0; before < pin; before++) channel += (port_pin_modes(before) & PORT_PIN_ANALOG) != 0;
  return channel < CHANNELS ? channel : MODE_NONE;
}

static int pin_of(uint8_t channel)
{
  for (int pin = 0; pin < pins(); pin++)
    if (channel_of(pin) == channel) return pin;
  return -1;
}

static void tell_version(void)
{
  const uint8_t bytes[] = {VERSION, MAJOR, MINOR};
  send(bytes, sizeof bytes);
}

static void tell_firmware(void)
{
  static const char name[] = "milliwatt";
  uint8_t bytes[5 + 2 * sizeof name] = {SYSEX, FIRMWARE, MAJOR, MINOR};
  size_t at = 4;
  for (const char *c = name; *c; c++) {
    bytes[at++] = (uint8_t)*c & 127;
    bytes[at++] = 0;
  }
  bytes[at++] = SYSEX_END;
  send(bytes, at);
}

static void tell_capabilities(void)
{
  static uint8_t bytes[3 + PINS * 9];
  size_t at = 0;
  bytes[at++] = SYSEX;
  bytes[at++] = CAPABILITIES_ANSWER;
  for (int pin = 0; pin < pins(); pin++) {
    const int can = port_pin_modes(pin);
    const uint8_t kinds[][3] = {
        {PORT_PIN_INPUT, MODE_INPUT, 1},
        {PORT_PIN_OUTPUT, MODE_OUTPUT, 1},
        {PORT_PIN_PULLUP, MODE_PULLUP, 1},
        {PORT_PIN_ANALOG, MODE_ANALOG, 10},
    };
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
      if (!(can & kinds[kind][0])) continue;
      bytes[at++] = kinds[kind][1];
      bytes[at++] = kinds[kind][2];
    }
    bytes[at++] = MODE_NONE;
  }
  bytes[at++] = SYSEX_END;
  send(bytes, at);
}

static void tell_channels(void)
{
  uint8_t bytes[3 + PINS] = {SYSEX, ANALOG_MAPPING_ANSWER};
  size_t at = 2;
  for (int pin = 0; pin < pins(); pin++) bytes[at++] = channel_of(pin);
  bytes[at++] = SYSEX_END;
  send(bytes, at);
}

static void tell_state(uint8_t pin)
{
  if (pin >= pins()) return;
  const uint8_t bytes[] = {SYSEX, PIN_STATE_ANSWER, pin, modes[pin], levels[pin], SYSEX_END};
  send(bytes, sizeof bytes);
}

static void set_mode(uint8_t pin, uint8_t mode)
{
  if (pin >= pins()) return;
  const int can = port_pin_modes(pin);
  const int wanted = mode == MODE_INPUT    ? PORT_PIN_INPUT
                     : mode == MODE_OUTPUT ? PORT_PIN_OUTPUT
                     : mode == MODE_PULLUP ? PORT_PIN_PULLUP
                     : mode == MODE_ANALOG ? PORT_PIN_ANALOG
                                           : 0;
  if (!(can & wanted)) return;
  port_pin_mode(pin, wanted);
  modes[pin] = mode;
}

static void set_level(uint8_t pin, uint8_t level)
{
  if (pin >= pins() || modes[pin] != MODE_OUTPUT) return;
  levels[pin] = level != 0;
  port_pin_write(pin, level != 0);
}

static uint8_t port_levels(int port)
{
  uint8_t bits = 0;
  for (int bit = 0; bit < 8; bit++) {
    const int pin = 8 * port + bit;
    if (pin < pins() && (modes[pin] == MODE_INPUT || modes[pin] == MODE_PULLUP) && port_pin_read(pin))
      bits |= (uint8_t)(1 << bit);
  }
  return bits;
}

static void tell_port(int port)
{
  ports_told[port] = port_levels(port);
  const uint8_t bytes[] = {(uint8_t)(DIGITAL | port), ports_told[port] & 127, ports_told[port] >> 7};
  send(bytes, sizeof bytes);
}

static void sysex(const uint8_t *bytes, uint8_t count)
{
  if (count == 0) return;
  switch (bytes[0]) {
    case FIRMWARE: tell_firmware(); break;
    case CAPABILITIES: tell_capabilities(); break;
    case ANALOG_MAPPING: tell_channels(); break;
    case PIN_STATE:
      if (count > 1) tell_state(bytes[1]);
      break;
    case INTERVAL:
      if (count > 2) interval_ms = bytes[1] | (uint32_t)bytes[2] << 7;
      break;
  }
}

static void ask(uint16_t *asked, uint8_t number, uint8_t on)
{
  const uint16_t bit = (uint16_t)(1u << number);
  *asked = on ? *asked | bit : (uint16_t)(*asked & ~bit);
}

static void carry_out(void)
{
  const uint8_t kind = message[0] < 0xf0 ? message[0] & 0xf0 : message[0], number = message[0] & 15;
  switch (kind) {
    case DIGITAL:
      for (int bit = 0; bit < 8; bit++)
        set_level((uint8_t)(8 * number + bit), (uint8_t)((message[1] | message[2] << 7) >> bit & 1));
      break;
    case REPORT_DIGITAL:
      if (number >= PORTS) break;
      ask(&ports_asked, number, message[1]);
      if (message[1]) tell_port(number);
      break;
    case REPORT_ANALOG: ask(&channels_asked, number, message[1]); break;
    case PIN_MODE: set_mode(message[1], message[2]); break;
    case PIN_VALUE: set_level(message[1], message[2]); break;
    case VERSION: tell_version(); break;
    case RESET: firmata_reset(); break;
  }
}

/* Bytes of a message behind its first. */
static uint8_t wants(uint8_t first)
{
  switch (first < 0xf0 ? first & 0xf0 : first) {
    case DIGITAL:
    case ANALOG:
    case PIN_MODE:
    case PIN_VALUE: return 2;
    case REPORT_ANALOG:
    case REPORT_DIGITAL: return 1;
    default: return 0;
  }
}

void firmata_reset(void)
{
  for (int pin = 0; pin < pins(); pin++) {
    modes[pin] = port_pin_modes(pin) & PORT_PIN_INPUT ? MODE_INPUT : MODE_OUTPUT;
    levels[pin] = 0;
  }
  ports_asked = channels_asked = 0;
  interval_ms = 19;
  message_count = 0;
}

int firmata_is_open(void) { return message_count > 0; }

void firmata_take(uint8_t byte)
{
  if (byte >= 0x80 && !(message_count > 0 && message[0] == SYSEX && byte == SYSEX_END)) {
    was_spoken = 1;
    message[0] = byte;
    message_count = 1;
    message_wants = wants(byte);
  } else if (message_count > 0 && message[0] == SYSEX && byte == SYSEX_END) {
    const uint8_t count = message_count;
    message_count = 0;
    sysex(message + 1, count - 1);
    return;
  } else if (message_count > 0 && message_count < sizeof message) message[message_count++] = byte;
  if (message_count == 0 || message[0] == SYSEX || message_count <= message_wants) return;
  message_count = 0;
  carry_out();
}

static void tell_channel(uint8_t channel)
{
  const int pin = pin_of(channel);
  if (pin < 0) return;
  const int value = port_pin_analog(pin);
  const uint8_t bytes[] = {(uint8_t)(ANALOG | channel), value & 127, (uint8_t)(value >> 7 & 127)};
  send(bytes, sizeof bytes);
}

int firmata_report(void)
{
  if (!ports_asked && !channels_asked) return 0;
  for (int port = 0; port < PORTS; port++)
    if ((ports_asked >> port & 1) && port_levels(port) != ports_told[port]) tell_port(port);
  if (channels_asked && (port_ticks() - told) / (port_ticks_hz / 1000) >= interval_ms) {
    told = port_ticks();
    for (uint8_t channel = 0; channel < CHANNELS; channel++)
      if (channels_asked >> channel & 1) tell_channel(channel);
  }
  return 1;
}

void firmata_word(uint8_t label, uint8_t score)
{
  const uint8_t bytes[] = {SYSEX, WORD, label & 127, score >> 1, SYSEX_END};
  if (was_spoken) send(bytes, sizeof bytes);
}
