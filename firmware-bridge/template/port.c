/*
 * A port to begin with: a Cortex-M, a UART that interrupts when a byte came, and LEDs. port.h says what each function promises;
 * here is said how to go about it. From port/cortex-m come, by port.json: start.c (reset, vector table, memory), clock.c
 * (port_ticks by the processor's own clock) and received.c (port_read, port_read_room, port_wait).
 */
#include "../port/port.h"
#include "board.h"
#include "clock.h"
#include "received.h"
#include "registers.h"
#include "vectors.h"

#define UART_DATA REGISTER(BOARD_UART)
#define UART_STATE REGISTER(BOARD_UART + 0x4)
#define UART_CONTROL REGISTER(BOARD_UART + 0x8)
#define UART_CLEAR REGISTER(BOARD_UART + 0xc)
#define UART_DIVISOR REGISTER(BOARD_UART + 0x10)
#define LEDS REGISTER(BOARD_LEDS)

enum { UART_INTERRUPT = 0, TX_FULL = 1, RX_FULL = 2, ON_AND_INTERRUPTS = 1 | 2 | 8, RX_PENDING = 2 };

/*
 * First the clocks, to BOARD_CLOCK_HZ, then clock_setup(), then the link, then pins. A chip whose processor clock stands still
 * in sleep takes a timer in the place of clock.c: see nrf52/ticks.c. A link over USB takes port/usb and a driver of the chip's
 * controller: see rp2040/usb.c.
 */
void port_setup(void)
{
  clock_setup();
  UART_DIVISOR = BOARD_CLOCK_HZ / BOARD_BAUD;
  UART_CONTROL = ON_AND_INTERRUPTS;
  interrupt_enable(UART_INTERRUPT);
}

/* Takes all that came, as quickly as possible: models run for long, and nobody else empties the UART meanwhile. */
void uart_handler(void)
{
  UART_CLEAR = RX_PENDING;
  while (UART_STATE & RX_FULL) received_put((uint8_t)UART_DATA);
}

/* May wait as long as it takes, but not for ever: where the other side can go away, drop the rest then. */
void port_write(const uint8_t *bytes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    while (UART_STATE & TX_FULL) {
    }
    UART_DATA = bytes[i];
  }
}

/*
 * Pins by numbers of your choice, which the page docs/boards/ID.md tells; port_led is one that a person sees. A pin that the
 * link needs has no mode. Firmata shows them to johnny-five under these numbers.
 */
enum { PINS = 2, MARK = 0 };
const uint8_t port_pins = PINS;
const uint8_t port_led = 1;

int port_pin_modes(int pin) { return (void)pin, PORT_PIN_OUTPUT; }

void port_pin_mode(int pin, int mode) { (void)pin, (void)mode; }

void port_pin_write(int pin, int level)
{
  const uint32_t bit = UINT32_C(1) << pin;
  LEDS = level ? LEDS | bit : LEDS & ~bit;
}

int port_pin_read(int pin) { return LEDS >> pin & 1; }

/* A pin with a contact for a wire to the meter, nothing else on it, one write to its register: its edges are the measurement. */
void port_mark(int level) { port_pin_write(MARK, level); }

/*
 * What a board has besides; without these functions the runtime answers that it has none:
 *   int port_pin_analog(int pin)                        pins with PORT_PIN_ANALOG: see rp2040/port.c
 *   int port_audio(int on), port_audio_read, _lost      a microphone at 16 kHz: see nrf52/pdm.c with nrf52/heard.c
 *   void port_bootloader(void)                          so that flashing needs no button: see nrf52/usb-port.c
 */
