import { afterEach, expect, it } from 'vitest'
import { needs } from '../support/needs.ts'
import { EmulatedNrf52 } from '../support/nrf52.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { buildForModel } from './chip-models/build-for-model.ts'
import { exchange } from './exchange.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const open: EmulatedNrf52[] = []

afterEach(() => {
  for (const chip of open.splice(0)) chip.close()
})

async function start(board: string, main: string): Promise<EmulatedNrf52> {
  const chip = new EmulatedNrf52(await buildForModel(host, folder, board, main))
  open.push(chip)
  return chip
}

const blocks = `#include "port/port.h"
int main(void)
{
  static uint8_t block[256];
  port_setup();
  for (;;) {
    for (int i = 0; i < 256;) {
      const int got = port_read();
      if (got < 0) port_wait();
      else block[i++] = (uint8_t)(got ^ 0x55);
    }
    port_write(block, sizeof block);
  }
}
`

const echo = `#include "port/port.h"
int main(void)
{
  port_setup();
  for (;;) {
    const int got = port_read();
    const uint8_t byte = (uint8_t)(got + 1);
    if (got < 0) port_wait();
    else port_write(&byte, 1);
  }
}
`

/** Sends what it hears; a byte makes it pause for a quarter of a second, another ends it and asks for what was lost. */
const hears = `#include "port/port.h"
static int16_t samples[128];
static void end(void)
{
  port_audio(0);
  while (port_audio_read(samples, 128) > 0) {
  }
  const uint32_t lost = port_audio_lost();
  port_write((const uint8_t *)&lost, sizeof lost);
}
int main(void)
{
  port_setup();
  port_audio(1);
  for (;;) {
    const int got = port_read();
    const uint64_t began = port_ticks();
    if (got == 2) end();
    while (got == 1 && port_ticks() - began < port_ticks_hz / 4) port_wait();
    const size_t count = port_audio_read(samples, 128);
    if (count > 0) port_write((const uint8_t *)samples, 2 * count);
    else port_wait();
  }
}
`

/** Listens for a second and tells how many samples came, the least and the greatest of the second half; and a voltage. */
const measures = `#include "port/port.h"
int main(void)
{
  static int16_t samples[128];
  port_setup();
  while (port_read() < 0) port_wait();
  uint32_t heard = 0;
  int32_t least = 0, greatest = 0;
  port_audio(1);
  for (const uint64_t began = port_ticks(); port_ticks() - began < port_ticks_hz;) {
    const size_t count = port_audio_read(samples, 128);
    for (size_t i = 0; i < count && heard > 8000; i++) {
      least = samples[i] < least ? samples[i] : least;
      greatest = samples[i] > greatest ? samples[i] : greatest;
    }
    heard += count;
    if (count == 0) port_wait();
  }
  port_audio(0);
  port_pin_mode(0, PORT_PIN_ANALOG);
  const int32_t answers[] = {(int32_t)heard, (int32_t)port_audio_lost(), least, greatest, port_pin_analog(0)};
  port_write((const uint8_t *)answers, sizeof answers);
  for (;;) port_wait();
}
`

/** As a host does it: address, descriptors, configuration, line state. */
async function enumerate(chip: EmulatedNrf52): Promise<void> {
  await chip.usb.attached
  expect((await chip.usb.control([0x80, 6, 0, 1, 0, 0, 8, 0])).length).toBe(8)
  await chip.usb.control([0, 5, 7, 0, 0, 0, 0, 0])
  const device = await chip.usb.control([0x80, 6, 0, 1, 0, 0, 18, 0])
  expect([...device.subarray(8, 12)]).toEqual([0x86, 0x28, 0x45, 0x80])
  const all = await chip.usb.control([0x80, 6, 0, 2, 0, 0, 255, 0])
  expect([all.length, all[2]! + 256 * all[3]!]).toEqual([67, 67])
  await chip.usb.control([0, 9, 1, 0, 0, 0, 0, 0])
  await chip.usb.control([0x21, 0x22, 3, 0, 0, 0, 0, 0])
}

needs('a compiler for Cortex-M')("the nRF52's drivers against a model of the chip by its product specification", () => {
  it('USB: enumeration, bytes both ways, a reset of the bus, a request that it does not know', {
    timeout: 30_000,
  }, async () => {
    const chip = await start('xiao-nrf52840-sense', blocks)
    chip.plug()
    await enumerate(chip)
    const sent = Uint8Array.from({ length: 40 * 256 }, (_, index) => (index * 31 + (index >> 8)) % 256)
    expect(await exchange(chip.usb.link, sent, sent.length)).toEqual(sent.map((byte) => byte ^ 0x55))
    chip.usb.reset()
    await enumerate(chip)
    const again = sent.subarray(0, 1024)
    expect(await exchange(chip.usb.link, again, again.length)).toEqual(again.map((byte) => byte ^ 0x55))
    await expect(chip.usb.control([0xc0, 0x77, 0, 0, 0, 0, 4, 0])).rejects.toThrow('stalled')
    const coding = [0, 0x96, 0, 0, 0, 0, 8]
    await chip.usb.control([0x21, 0x20, 0, 0, 0, 0, 7, 0], coding)
    expect([...(await chip.usb.control([0xa1, 0x21, 0, 0, 0, 0, 7, 0]))]).toEqual(coding)
  })

  it('UART as the other link, and the bootloader after 1200 baud', { timeout: 30_000 }, async () => {
    const chip = await start('xiao-nrf52840-sense', echo)
    chip.plug()
    await enumerate(chip)
    expect([...(await exchange(chip.uart, Uint8Array.of(1, 2, 3), 3))]).toEqual([2, 3, 4])
    expect([...(await exchange(chip.usb.link, Uint8Array.of(7), 1))]).toEqual([8])
    await chip.usb.control([0x21, 0x20, 0, 0, 0, 0, 7, 0], [0xb0, 4, 0, 0, 0, 0, 8])
    await chip.usb.control([0x21, 0x22, 0, 0, 0, 0, 0, 0])
    expect(await chip.wasReset).toBe(0x57)
  })

  it('the PDM microphone: every sample once and in order, what was lost counted', { timeout: 30_000 }, async () => {
    const chip = await start('xiao-nrf52840-sense', hears)
    chip.sound = (sample) => sample
    chip.plug()
    await enumerate(chip)
    const bytes: number[] = []
    const heard = async (count: number) => {
      while (bytes.length < count) await host.clock.sleep(0.01)
    }
    chip.usb.link.onData((chunk) => bytes.push(...chunk))
    await chip.usb.link.write(Uint8Array.of(0))
    await heard(2 * 4096)
    await chip.usb.link.write(Uint8Array.of(1))
    await heard(bytes.length + 2 * 4096)
    await chip.usb.link.write(Uint8Array.of(2))
    for (let before = -1; before !== bytes.length; await host.clock.sleep(0.3)) before = bytes.length
    const words = new Uint16Array(Uint8Array.from(bytes).buffer)
    const [samples, lost] = [words.slice(0, -2), words.at(-2)! + 65536 * words.at(-1)!]
    const gaps = Array.from(samples.slice(1), (sample, index) => (sample - samples[index]! - 1) & 0xffff)
    expect([...samples.slice(0, 4096)]).toEqual(
      Array.from({ length: 4096 }, (_, index) => (samples[0]! + index) & 0xffff),
    )
    expect(lost).toBeGreaterThan(2000)
    expect(gaps.filter((gap) => gap !== 0)).toEqual([lost])
  })

  it('the analog microphone and an analog pin', { timeout: 30_000 }, async () => {
    const chip = await start('microbit-v2', measures)
    chip.sound = (sample) => (sample < 0 ? 321 : 1000 + (sample % 40 < 20 ? 200 : -200))
    const bytes = await exchange(chip.uart, Uint8Array.of(1), 20)
    const [count, lost, least, greatest, voltage] = new Int32Array(bytes.buffer)
    expect(Math.abs(count! - 16_000)).toBeLessThan(3 * 256)
    expect([lost, voltage]).toEqual([0, 321])
    // The swing in 16 bits, less what the high pass takes of it in half a period.
    expect([Math.abs(greatest! - 800) < 40, Math.abs(least! + 800) < 40]).toEqual([true, true])
  })
})
