/* What a board without microphone, analog pins or a bootloader gives. */
#include "../port/port.h"

#define DEFAULT __attribute__((weak))

DEFAULT int port_pin_analog(int pin) { return (void)pin, 0; }
DEFAULT int port_audio(int on) { return (void)on, 0; }
DEFAULT size_t port_audio_read(int16_t *samples, size_t count) { return (void)samples, (void)count, 0; }
DEFAULT uint32_t port_audio_lost(void) { return 0; }
DEFAULT void port_bootloader(void) {}
