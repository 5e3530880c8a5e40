/* What the device says of itself (USB 2.0, section 9.6; CDC 1.2, section 5.2; PSTN 1.2, section 5.3). */
#include "board.h"
#include "usb.h"

#define WORD(value) (value) & 0xff, (value) >> 8

enum { DEVICE = 1, CONFIGURATION = 2, STRING = 3, CONFIGURATION_BYTES = 67 };

static const uint8_t device[] = {
    18, DEVICE, WORD(0x0200), 2, 0, 0, USB_PACKET, WORD(BOARD_USB_VENDOR), WORD(BOARD_USB_PRODUCT), WORD(0x0100), 1, 2, 0, 1,
};

static const uint8_t configuration[CONFIGURATION_BYTES] = {
    /* One configuration of two interfaces, fed by the bus, 100 mA. */
    9, CONFIGURATION, WORD(CONFIGURATION_BYTES), 2, 1, 0, 0x80, 50,
    /* Control of a modem without its commands. */
    9, 4, 0, 0, 1, 2, 2, 0, 0,
    /* Header, call management (none), abstract control (line coding and line state), union of both interfaces. */
    5, 0x24, 0, WORD(0x0110),
    5, 0x24, 1, 0, 1,
    4, 0x24, 2, 2,
    5, 0x24, 6, 0, 1,
    7, 5, 0x80 | USB_NOTICE_ENDPOINT, 3, WORD(8), 255,
    /* Its data. */
    9, 4, 1, 0, 2, 10, 0, 0, 0,
    7, 5, USB_DATA_ENDPOINT, 2, WORD(USB_PACKET), 0,
    7, 5, 0x80 | USB_DATA_ENDPOINT, 2, WORD(USB_PACKET), 0,
};

static const char *const texts[] = {"milliwatt", BOARD_USB_NAME};

static uint8_t text[USB_PACKET];

static const uint8_t *text_descriptor(unsigned index, uint16_t *length)
{
  unsigned bytes = 2;
  if (index == 0) {
    /* English. */
    text[bytes++] = 0x09;
    text[bytes++] = 0x04;
  } else {
    for (const char *at = texts[index - 1]; *at && bytes < sizeof text; at++) {
      text[bytes++] = (uint8_t)*at;
      text[bytes++] = 0;
    }
  }
  text[0] = (uint8_t)bytes;
  text[1] = STRING;
  *length = (uint16_t)bytes;
  return text;
}

const uint8_t *usb_descriptor(uint8_t type, uint8_t index, uint16_t *length)
{
  if (type == STRING && index <= sizeof texts / sizeof *texts) return text_descriptor(index, length);
  if (type != DEVICE && type != CONFIGURATION) return 0;
  *length = type == DEVICE ? sizeof device : sizeof configuration;
  return type == DEVICE ? device : configuration;
}
