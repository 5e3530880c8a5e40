/*
 * A USB device with one serial port (CDC-ACM): control requests and bytes in device.c, what it says of itself in
 * descriptors.c, and a controller's driver per chip. The driver is called with its interrupt held back or out of it.
 */
#ifndef MILLIWATT_USB_H
#define MILLIWATT_USB_H

#include <stddef.h>
#include <stdint.h>

/* Every packet takes at most so many bytes. Endpoints besides 0: notices (never sent), and bytes in both directions. */
enum { USB_PACKET = 64, USB_NOTICE_ENDPOINT = 1, USB_DATA_ENDPOINT = 2 };

/* The driver: readies the controller and shows the device to the host. */
void usb_controller_setup(void);
/* Opens the endpoints besides 0 with their data toggles at the start. */
void usb_controller_open(void);
/* The device's address, once the status of the request has gone. */
void usb_controller_address(uint8_t address);
/* Sends one packet; `usb_sent` says when it has gone. */
void usb_controller_send(unsigned endpoint, const uint8_t *bytes, unsigned count);
/* Takes one packet more, for `usb_received`. */
void usb_controller_receive(unsigned endpoint);
/* The last stage of a control request: to the host after one that brought data or none, else from the host. */
void usb_controller_status(int to_host);
/* Refuses a control request. */
void usb_controller_stall(void);

/* Of the driver's interrupt. */
void usb_reset(void);
void usb_setup_packet(const uint8_t packet[8]);
void usb_sent(unsigned endpoint);
void usb_received(unsigned endpoint, const uint8_t *bytes, unsigned count);

/* Sends bytes to the host's program; drops them where none has the port open. Not to be called in an interrupt. */
void usb_write(const uint8_t *bytes, size_t count);
/* To be called some ten times a second, in an interrupt: enters the bootloader after the host closed the port at 1200 baud. */
void usb_tick(void);
/* Something came over USB. The port keeps it by `received_put`. */
void usb_heard(void);

/* The answer to a request for a descriptor, by the two bytes of wValue; 0 where there is none. */
const uint8_t *usb_descriptor(uint8_t type, uint8_t index, uint16_t *length);

#endif
