/* Control requests of a serial device (USB 2.0, chapter 9; PSTN 1.2, section 6.3), and its bytes. */
#include "../port.h"
#include "received.h"
#include "registers.h"
#include "usb.h"

/* Requests: the kind in the high byte, 0 for those of USB itself and 20 for a serial port's. */
enum {
  GET_STATUS = 0x0000,
  CLEAR_FEATURE = 0x0001,
  SET_ADDRESS = 0x0005,
  GET_DESCRIPTOR = 0x0006,
  GET_CONFIGURATION = 0x0008,
  SET_CONFIGURATION = 0x0009,
  GET_INTERFACE = 0x000a,
  SET_INTERFACE = 0x000b,
  SET_LINE_CODING = 0x2020,
  GET_LINE_CODING = 0x2021,
  SET_CONTROL_LINE_STATE = 0x2022,
  SEND_BREAK = 0x2023,
};

enum { RECIPIENT_ENDPOINT = 2, LINE_CODING_BYTES = 7, TOUCH_BAUD = 1200, TICKS_TO_BOOTLOADER = 3 };

/* The stage that a control request is in. */
static enum { IDLE, SENDING, TAKING, STATUS } stage;
static const uint8_t *answer;
static unsigned answer_left;
static int answer_short_of_asked;

static uint8_t address, configuration;
/* 115200 baud, 8 data bits, until the host says otherwise. */
static uint8_t line_coding[LINE_CODING_BYTES] = {0x00, 0xc2, 0x01, 0x00, 0, 0, 8};
static volatile int open, busy, paused, touched;

void usb_reset(void)
{
  stage = IDLE;
  address = configuration = 0;
  open = busy = paused = 0;
}

static void send_more(void)
{
  const unsigned count = answer_left < USB_PACKET ? answer_left : USB_PACKET;
  /* A full packet at the end of what is shorter than the host asked for is followed by an empty one. */
  if (count < USB_PACKET) answer_short_of_asked = 0;
  stage = SENDING;
  usb_controller_send(0, answer, count);
  answer += count;
  answer_left -= count;
}

static void reply(const uint8_t *bytes, unsigned count, unsigned asked)
{
  answer = bytes;
  answer_left = count < asked ? count : asked;
  answer_short_of_asked = count < asked;
  send_more();
}

static void accept(void)
{
  stage = STATUS;
  usb_controller_status(1);
}

static void restart_endpoints(void)
{
  busy = paused = 0;
  usb_controller_open();
  usb_controller_receive(USB_DATA_ENDPOINT);
}

static void configure(uint8_t value)
{
  configuration = value;
  open = 0;
  if (value != 0) restart_endpoints();
}

static uint32_t baud(void)
{
  return line_coding[0] | (uint32_t)line_coding[1] << 8 | (uint32_t)line_coding[2] << 16 | (uint32_t)line_coding[3] << 24;
}

static void line_state(int ready)
{
  open = ready;
  touched = !ready && baud() == TOUCH_BAUD;
}

void usb_setup_packet(const uint8_t packet[8])
{
  static const uint8_t zeros[2];
  const unsigned request = (unsigned)(packet[0] & 0x60) << 8 | packet[1];
  const unsigned asked = packet[6] | (unsigned)packet[7] << 8;
  stage = IDLE;
  switch (request) {
    case GET_STATUS:
      return reply(zeros, 2, asked);
    case GET_INTERFACE:
      return reply(zeros, 1, asked);
    case GET_CONFIGURATION:
      return reply(&configuration, 1, asked);
    case GET_LINE_CODING:
      return reply(line_coding, sizeof line_coding, asked);
    case GET_DESCRIPTOR: {
      uint16_t length;
      const uint8_t *bytes = usb_descriptor(packet[3], packet[2], &length);
      return bytes ? reply(bytes, length, asked) : usb_controller_stall();
    }
    case SET_LINE_CODING:
      stage = TAKING;
      return usb_controller_receive(0);
    case SET_ADDRESS:
      address = packet[2];
      return accept();
    case SET_CONFIGURATION:
      configure(packet[2]);
      return accept();
    case SET_CONTROL_LINE_STATE:
      line_state(packet[2] & 1);
      return accept();
    case CLEAR_FEATURE:
      /* The end of a halt, which never begins here: an endpoint's data toggle starts anew all the same. */
      if ((packet[0] & 0x1f) == RECIPIENT_ENDPOINT) restart_endpoints();
      return accept();
    case SET_INTERFACE:
    case SEND_BREAK:
      return accept();
    default:
      return usb_controller_stall();
  }
}

static void control_sent(void)
{
  if (stage == SENDING && (answer_left > 0 || answer_short_of_asked)) return send_more();
  if (stage == SENDING) {
    stage = STATUS;
    return usb_controller_status(0);
  }
  stage = IDLE;
  if (address != 0) usb_controller_address(address);
  address = 0;
}

void usb_sent(unsigned endpoint)
{
  if (endpoint == 0) control_sent();
  if (endpoint == USB_DATA_ENDPOINT) busy = 0;
}

void usb_received(unsigned endpoint, const uint8_t *bytes, unsigned count)
{
  if (endpoint == 0) {
    if (stage != TAKING || count == 0) return;
    for (unsigned i = 0; i < count && i < sizeof line_coding; i++) line_coding[i] = bytes[i];
    accept();
  }
  if (endpoint != USB_DATA_ENDPOINT) return;
  for (unsigned i = 0; i < count; i++) received_put(bytes[i]);
  if (count > 0) usb_heard();
  paused = received_room() < USB_PACKET;
  if (!paused) usb_controller_receive(USB_DATA_ENDPOINT);
}

void received_freed(void)
{
  if (!paused || received_room() < USB_PACKET) return;
  const uint32_t held = interrupts_hold();
  paused = 0;
  usb_controller_receive(USB_DATA_ENDPOINT);
  interrupts_release(held);
}

/* Whether a packet went to the controller; not where the host's program went away. */
static int write_packet(const uint8_t *bytes, unsigned count)
{
  while (open && busy) {
  }
  const uint32_t held = interrupts_hold();
  const int sends = open && !busy;
  if (sends) {
    busy = 1;
    usb_controller_send(USB_DATA_ENDPOINT, bytes, count);
  }
  interrupts_release(held);
  return sends;
}

void usb_write(const uint8_t *bytes, size_t count)
{
  unsigned packet;
  /* A packet that is not full ends a transfer: hosts hand nothing on before that. */
  do {
    packet = count < USB_PACKET ? (unsigned)count : USB_PACKET;
    if (!write_packet(bytes, packet)) return;
    bytes += packet;
    count -= packet;
  } while (packet == USB_PACKET);
}

void usb_tick(void)
{
  if (touched && ++touched > TICKS_TO_BOOTLOADER) port_bootloader();
}
