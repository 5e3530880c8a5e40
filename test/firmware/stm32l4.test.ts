import { afterEach, expect, it } from 'vitest'
import { needs } from '../support/needs.ts'
import { EmulatedStm32l4 } from '../support/stm32l4.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { buildForModel } from './chip-models/build-for-model.ts'
import { exchange } from './exchange.ts'
import { reportingEcho } from './reporting-echo.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const open: EmulatedStm32l4[] = []

afterEach(() => {
  for (const chip of open.splice(0)) chip.close()
})

/** Gives back what comes, each byte one more; 255 asks for a report of the clock and the pins. */
const main = `#include "port/port.h"
static void report(void)
{
  port_mark(1);
  port_pin_mode(port_led, PORT_PIN_OUTPUT);
  port_pin_write(port_led, 1);
  port_pin_mode(2, PORT_PIN_PULLUP);
  port_pin_mode(3, PORT_PIN_INPUT);
  port_pin_mode(17, PORT_PIN_ANALOG);
  const uint64_t began = port_ticks();
  while (port_ticks() - began < port_ticks_hz / 2000) port_wait();
  const int analog[] = {port_pin_analog(16), port_pin_analog(21)};
  const uint8_t bytes[] = {(uint8_t)port_pin_read(port_led), (uint8_t)port_pin_read(7), (uint8_t)port_pin_read(2),
                           (uint8_t)port_pin_read(3),        (uint8_t)(analog[0] >> 2), (uint8_t)(analog[1] >> 2)};
  port_mark(0);
  port_write(bytes, sizeof bytes);
}
${reportingEcho}`

needs('a compiler for Cortex-M')("the STM32L4+'s drivers against a model of the chip by its reference manual", () => {
  it('clock, UART, pins and converter', { timeout: 30_000 }, async () => {
    const chip = new EmulatedStm32l4(await buildForModel(host, folder, 'nucleo-l4r5zi', main))
    open.push(chip)
    chip.voltages = { 8: 4000, 14: 800 }
    const sent = Uint8Array.from({ length: 300 }, (_, index) => (index * 7) % 255)
    expect(await exchange(chip.uart, sent, sent.length)).toEqual(sent.map((byte) => byte + 1))
    expect(chip.clockHz).toBe(120e6)
    expect([...(await exchange(chip.uart, Uint8Array.of(255), 6))]).toEqual([1, 1, 1, 0, 250, 50])
    expect(chip.converterSleeps).toBe(true)
  })
})
