/* The RP2040's USB device controller under the serial device of port/usb. */
#include "rp2040.h"
#include "../usb/usb.h"
#include "vectors.h"

/* Where packets lie in the memory that both sides see: endpoint 0 has one place, the others one a direction. */
enum { CONTROL_AT = 0x100, NOTICE_AT = 0x180, DATA_OUT_AT = 0x1c0, DATA_IN_AT = 0x200 };

/* The kind of the next data packet, by endpoint and direction. */
static uint8_t data1[USB_DATA_ENDPOINT + 1][2];

static volatile uint8_t *place(unsigned endpoint, int in)
{
  const uint32_t at = endpoint == 0 ? CONTROL_AT : endpoint == USB_NOTICE_ENDPOINT ? NOTICE_AT : in ? DATA_IN_AT : DATA_OUT_AT;
  return (volatile uint8_t *)(USB_MEMORY + at);
}

/* Hands a buffer to the controller; the bit that says so follows later, as both sides run on clocks of their own. */
static void offer(unsigned endpoint, int in, uint32_t control)
{
  if (data1[endpoint][in]) control |= USB_BUFFER_DATA1;
  data1[endpoint][in] ^= 1;
  USB_BUFFER(endpoint, in) = control;
  for (int i = 0; i < 4; i++) __asm__ volatile("nop\n nop\n nop");
  USB_BUFFER(endpoint, in) = control | USB_BUFFER_AVAILABLE;
}

void usb_controller_send(unsigned endpoint, const uint8_t *bytes, unsigned count)
{
  volatile uint8_t *to = place(endpoint, 1);
  for (unsigned i = 0; i < count; i++) to[i] = bytes[i];
  offer(endpoint, 1, USB_BUFFER_FULL | count);
}

void usb_controller_receive(unsigned endpoint) { offer(endpoint, 0, USB_PACKET); }

void usb_controller_status(int to_host)
{
  data1[0][to_host] = 1;
  offer(0, to_host, to_host ? USB_BUFFER_FULL : USB_PACKET);
}

void usb_controller_stall(void)
{
  USB_STALL_ARM = 3;
  USB_BUFFER(0, 1) = USB_BUFFER_STALL;
  USB_BUFFER(0, 0) = USB_BUFFER_STALL;
}

void usb_controller_address(uint8_t address) { USB_ADDRESS = address; }

static void open(unsigned endpoint, int in, uint32_t type)
{
  const uint32_t at = (uint32_t)(uintptr_t)place(endpoint, in) - USB_MEMORY;
  data1[endpoint][in] = 0;
  USB_BUFFER(endpoint, in) = 0;
  USB_ENDPOINT(endpoint, in) =
      UINT32_C(1) << USB_ENDPOINT_ON | UINT32_C(1) << USB_ENDPOINT_INTERRUPT | type << USB_ENDPOINT_TYPE | at;
}

void usb_controller_open(void)
{
  open(USB_NOTICE_ENDPOINT, 1, USB_INTERRUPT_TYPE);
  open(USB_DATA_ENDPOINT, 1, USB_BULK);
  open(USB_DATA_ENDPOINT, 0, USB_BULK);
}

void usb_controller_setup(void)
{
  for (uint32_t at = 0; at < USB_MEMORY_BYTES; at += 4) REGISTER(USB_MEMORY + at) = 0;
  USB_MUXING = USB_MUX_PHY;
  USB_PWR = USB_VBUS_PRESENT;
  USB_MAIN_CTRL = USB_MAIN_ENABLE;
  USB_SIE_CTRL = USB_SIE_EP0_INTERRUPT;
  USB_INTE = USB_INT_BUFFER | USB_INT_RESET | USB_INT_SETUP;
  interrupt_enable(USB_INTERRUPT);
  USB_SIE_CTRL = USB_SIE_EP0_INTERRUPT | USB_SIE_PULLUP;
}

static void setup_came(void)
{
  uint8_t packet[8];
  for (int i = 0; i < 8; i++) packet[i] = ((volatile uint8_t *)USB_MEMORY)[i];
  USB_SIE_STATUS = USB_STATUS_SETUP;
  data1[0][0] = data1[0][1] = 1;
  usb_setup_packet(packet);
}

static void received(unsigned endpoint)
{
  uint8_t bytes[USB_PACKET];
  const unsigned count = USB_BUFFER(endpoint, 0) & USB_BUFFER_LENGTH;
  for (unsigned i = 0; i < count && i < sizeof bytes; i++) bytes[i] = place(endpoint, 0)[i];
  usb_received(endpoint, bytes, count);
}

static void buffers_done(void)
{
  for (unsigned endpoint = 0; endpoint <= USB_DATA_ENDPOINT; endpoint++) {
    const uint32_t in = UINT32_C(1) << 2 * endpoint, out = in << 1;
    const uint32_t done = USB_BUFF_STATUS & (in | out);
    USB_BUFF_STATUS = done;
    if (done & in) usb_sent(endpoint);
    if (done & out) received(endpoint);
  }
}

void usb_handler(void)
{
  const uint32_t status = USB_INTS;
  if (status & USB_INT_RESET) {
    USB_SIE_STATUS = USB_STATUS_RESET;
    USB_ADDRESS = 0;
    usb_reset();
  }
  if (status & USB_INT_BUFFER) buffers_done();
  if (status & USB_INT_SETUP) setup_came();
}
