/* The nRF52840's USB device controller under the serial device of port/usb. It answers SET_ADDRESS by itself. */
#include "../usb/usb.h"
#include "nrf52.h"
#include "ticks.h"
#include "vectors.h"

enum { SET_ADDRESS = 5 };

static uint8_t outgoing[USB_DATA_ENDPOINT + 1][USB_PACKET] __attribute__((aligned(4)));
static uint8_t incoming[USB_PACKET] __attribute__((aligned(4)));

/* A packet waits in the controller; one is wanted. It is taken when both are so. */
static int packet_waits, packet_wanted;

/* Copies between memories: one at a time, and nothing else may be asked of the controller meanwhile (erratum 199). */
static void copy(volatile uint32_t *task, volatile uint32_t *done)
{
  *done = 0;
  ERRATA_199 = 0x82;
  *task = 1;
  while (!*done) {
  }
  *done = 0;
  ERRATA_199 = 0;
}

void usb_controller_send(unsigned endpoint, const uint8_t *bytes, unsigned count)
{
  for (unsigned i = 0; i < count; i++) outgoing[endpoint][i] = bytes[i];
  USBD_IN_POINTER(endpoint) = (uint32_t)(uintptr_t)outgoing[endpoint];
  USBD_IN_COUNT(endpoint) = count;
  copy(&USBD_START_IN(endpoint), &USBD_IN_DONE(endpoint));
}

static unsigned fetch(unsigned endpoint)
{
  const unsigned count = USBD_OUT_SIZE(endpoint);
  USBD_OUT_POINTER(endpoint) = (uint32_t)(uintptr_t)incoming;
  USBD_OUT_COUNT(endpoint) = count;
  copy(&USBD_START_OUT(endpoint), &USBD_OUT_DONE(endpoint));
  return count;
}

static void take_packets(void)
{
  while (packet_waits && packet_wanted) {
    packet_waits = packet_wanted = 0;
    const unsigned count = fetch(USB_DATA_ENDPOINT);
    usb_received(USB_DATA_ENDPOINT, incoming, count);
  }
}

void usb_controller_receive(unsigned endpoint)
{
  if (endpoint == 0) {
    USBD_EP0_TAKE = 1;
    return;
  }
  packet_wanted = 1;
  take_packets();
}

void usb_controller_status(int to_host)
{
  (void)to_host;
  USBD_EP0_STATUS = 1;
}

void usb_controller_stall(void) { USBD_EP0_STALL = 1; }

void usb_controller_address(uint8_t address) { (void)address; }

void usb_controller_open(void)
{
  packet_waits = packet_wanted = 0;
  USBD_IN_ENABLE = USBD_IN_BIT(0) | USBD_IN_BIT(USB_NOTICE_ENDPOINT) | USBD_IN_BIT(USB_DATA_ENDPOINT);
  USBD_OUT_ENABLE = USBD_IN_BIT(0) | USBD_IN_BIT(USB_DATA_ENDPOINT);
  /* First which, then to what. */
  USBD_TOGGLE = USBD_TOGGLE_IN | USB_DATA_ENDPOINT;
  USBD_TOGGLE = USBD_TOGGLE_DATA0 | USBD_TOGGLE_IN | USB_DATA_ENDPOINT;
  USBD_TOGGLE = USB_DATA_ENDPOINT;
  USBD_TOGGLE = USBD_TOGGLE_DATA0 | USB_DATA_ENDPOINT;
  /* Lets the first packet in; each that is fetched lets in the next. */
  USBD_OUT_SIZE(USB_DATA_ENDPOINT) = 0;
}

/* Sequence of errata 171 and 187: what the controller needs before it starts, and not after. */
static void errata(uint32_t value_171, uint32_t value_187)
{
  ERRATA_UNLOCK = ERRATA_KEY;
  ERRATA_171 = value_171;
  ERRATA_187 = value_187;
  ERRATA_UNLOCK = ERRATA_KEY;
}

static void start(void)
{
  if (USBD_ENABLE) return;
  errata(0xc0, 3);
  USBD_CAUSE = USBD_CAUSE_READY;
  USBD_ENABLE = 1;
  while (!(USBD_CAUSE & USBD_CAUSE_READY)) {
  }
  USBD_CAUSE = USBD_CAUSE_READY;
  errata(0, 0);
  USBD_INTENSET = USBD_RESET_INTERRUPT | USBD_EP0_DATA_INTERRUPT | USBD_EP0_SETUP_INTERRUPT | USBD_DATA_INTERRUPT;
  interrupt_enable(USBD_INTERRUPT);
}

static void look_at_supply(void)
{
  const uint32_t status = POWER_USB_STATUS;
  if (status & POWER_VBUS) start();
  if ((status & POWER_VBUS) && (status & POWER_USB_SUPPLIED)) USBD_PULLUP = 1;
  if (!(status & POWER_VBUS) && USBD_ENABLE) {
    USBD_PULLUP = 0;
    USBD_ENABLE = 0;
    usb_reset();
  }
}

void power_handler(void)
{
  POWER_USB_DETECTED = POWER_USB_REMOVED = POWER_USB_READY = 0;
  look_at_supply();
}

void usb_controller_setup(void)
{
  /* A bootloader may have left it on: seen by the host as pulled out for a moment. */
  USBD_PULLUP = 0;
  USBD_ENABLE = 0;
  POWER_INTENSET = POWER_USB_INTERRUPTS;
  interrupt_enable(POWER_INTERRUPT);
  const uint32_t held = interrupts_hold();
  look_at_supply();
  interrupts_release(held);
}

static void setup_came(void)
{
  uint8_t packet[8];
  for (unsigned byte = 0; byte < sizeof packet; byte++) packet[byte] = (uint8_t)USBD_SETUP(byte);
  if (!(packet[0] & 0x60) && packet[1] == SET_ADDRESS) return;
  usb_setup_packet(packet);
}

/* The data of a control request went out or came in; its direction is that of the request. */
static void control_data(void)
{
  if (USBD_SETUP(0) & 0x80) return usb_sent(0);
  const unsigned count = fetch(0);
  usb_received(0, incoming, count);
}

static void bulk_data(void)
{
  const uint32_t status = USBD_DATA_STATUS;
  USBD_DATA_STATUS = status;
  if (status & USBD_IN_BIT(USB_DATA_ENDPOINT)) usb_sent(USB_DATA_ENDPOINT);
  if (status & USBD_OUT_BIT(USB_DATA_ENDPOINT)) packet_waits = 1;
  take_packets();
}

static int came(volatile uint32_t *event)
{
  if (!*event) return 0;
  *event = 0;
  return 1;
}

void usb_handler(void)
{
  if (came(&USBD_RESET)) usb_reset();
  if (came(&USBD_EP0_DATA)) control_data();
  if (came(&USBD_DATA)) bulk_data();
  if (came(&USBD_EP0_SETUP)) setup_came();
}

void ticks_wake(void) { usb_tick(); }
