import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { buildFirmware } from '../../src/firmware/build.ts'
import { readElfParts } from '../../src/firmware/elf-parts.ts'
import { writeUf2 } from '../../src/firmware/flash/uf2.ts'
import { readPort } from '../../src/firmware/port.ts'
import { cutOutputs, modelsProgram, runsOf } from '../compile/c/build-and-run.ts'
import { needs } from '../support/needs.ts'
import { type EmulatedPico, openEmulatedPico, rp2040FamilyId } from '../support/rp2040.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { boardJob, mlperfModels, shippedModels } from './board-models.ts'
import { exchange } from './exchange.ts'
import { reportingEcho } from './reporting-echo.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const open: EmulatedPico[] = []

afterEach(() => {
  for (const pico of open.splice(0)) pico.close()
})

async function start(source: string): Promise<EmulatedPico> {
  const [file, elf] = [join(folder, 'main.c'), join(folder, 'pico.elf')]
  writeFileSync(file, source)
  const flags = ['-O2', '-Werror']
  await buildFirmware(host, await readPort(host, 'raspberry-pi-pico'), { files: [file], flags }, elf)
  const pico = openEmulatedPico(writeUf2(readElfParts(readFileSync(elf)), rp2040FamilyId))
  open.push(pico)
  return pico
}

/** Gives back what comes, each byte one more; 255 asks for a report of the clock and the pins. */
const echo = `#include "port/port.h"
static void report(void)
{
  port_mark(1);
  port_pin_mode(port_led, PORT_PIN_OUTPUT);
  port_pin_write(port_led, 1);
  port_pin_mode(14, PORT_PIN_INPUT);
  port_pin_mode(15, PORT_PIN_PULLUP);
  port_pin_mode(26, PORT_PIN_ANALOG);
  const uint64_t ticks = port_ticks();
  while (port_ticks() - ticks < port_ticks_hz / 1000) port_wait();
  const int analog = port_pin_analog(26);
  const uint8_t bytes[] = {(uint8_t)port_pin_read(14), (uint8_t)port_pin_read(15), (uint8_t)analog, (uint8_t)(analog >> 8),
                           (uint8_t)port_pin_modes(0), (uint8_t)port_pin_modes(28)};
  port_write(bytes, sizeof bytes);
}
${reportingEcho}`

/** Sends the answer to each block of 256 bytes at once, and is slow to read, so that the host has to wait. */
const blocks = `#include "port/port.h"
int main(void)
{
  static uint8_t block[256];
  port_setup();
  for (;;) {
    const uint64_t began = port_ticks();
    while (port_ticks() - began < 2000) {
    }
    for (int i = 0; i < 256;) {
      const int got = port_read();
      if (got < 0) port_wait();
      else block[i++] = (uint8_t)(got ^ 0x55);
    }
    port_write(block, sizeof block);
  }
}
`

/** Inputs come over the link, outputs go over it. */
const modelPrelude = (arenaBytes: number) => `#include <stdint.h>
#include <stddef.h>
#include "port/port.h"
static uint8_t arena[${arenaBytes}] __attribute__((aligned(64)));
static int take(void *bytes, size_t count)
{
  for (uint8_t *at = bytes; count > 0;) {
    const int got = port_read();
    if (got < 0) port_wait();
    else *at++ = (uint8_t)got, count--;
  }
  return 1;
}
static int give(const void *bytes, size_t count) { return port_write(bytes, count), 1; }
static char *arena_of(size_t bytes) { return bytes <= sizeof arena ? (char *)arena : NULL; }
static void leave_arena(char *used) { (void)used; }
static void begin_run(void) { port_mark(1); }
static void end_run(void) { port_mark(0); }
`
const modelMain = `
int main(void)
{
  port_setup();
  run_models();
  for (;;) port_wait();
}
`

needs('a compiler for Cortex-M')('the Raspberry Pi Pico in an emulator', () => {
  it('starts as its ROM starts it, and talks over its UART', { timeout: 60_000 }, async () => {
    const pico = await start(echo)
    const sent = Uint8Array.from({ length: 500 }, (_, index) => (index * 7) % 255)
    expect(await exchange(pico.uart, sent, sent.length)).toEqual(sent.map((byte) => byte + 1))
  })

  it('is a serial device on USB, with its pins and its clock', { timeout: 60_000 }, async () => {
    const pico = await start(echo)
    await pico.found
    const device = await pico.control({ setup: [0x80, 6, 0, 1, 0, 0, 18, 0] })
    expect([...device.subarray(8, 12)]).toEqual([0x8a, 0x2e, 0x0a, 0x00])
    const name = await pico.control({ setup: [0x80, 6, 2, 3, 9, 4, 255, 0] })
    expect(Buffer.from(name.subarray(2)).toString('utf16le')).toBe('Raspberry Pi Pico')
    expect([...(await pico.control({ setup: [0x80, 0, 0, 0, 0, 0, 2, 0] }))]).toEqual([0, 0])
    const { adc, gpio } = pico.mcu
    adc.channelValues[0] = 2345
    gpio[14]!.setInputValue(true)
    const [high, low, first, second, none, analog] = await exchange(pico.usb, Uint8Array.of(255), 6)
    expect([high, low, first! + 256 * second!, none, analog! & 8]).toEqual([1, 0, 2345 >> 2, 0, 8])
    expect([gpio[25]!.outputValue, gpio[22]!.outputValue, gpio[15]!.pullupEnabled]).toEqual([true, true, true])
  })

  it('makes a host wait that sends faster than the firmware reads', { timeout: 60_000 }, async () => {
    const pico = await start(blocks)
    await pico.found
    const sent = Uint8Array.from({ length: 40 * 256 }, (_, index) => (index * 31 + (index >> 8)) % 256)
    expect(await exchange(pico.usb, sent, sent.length)).toEqual(sent.map((byte) => byte ^ 0x55))
  })

  it('shows its bootloader when the port is closed at 1200 baud', { timeout: 60_000 }, async () => {
    const pico = await start(echo)
    await pico.found
    const lineState = (ready: number) => pico.control({ setup: [0x21, 0x22, ready, 0, 0, 0, 0, 0] })
    const coding = [0xb0, 4, 0, 0, 0, 0, 8]
    await pico.control({ setup: [0x21, 0x20, 0, 0, 0, 0, 7, 0], data: coding })
    expect([...(await pico.control({ setup: [0xa1, 0x21, 0, 0, 0, 0, 7, 0] }))]).toEqual(coding)
    await lineState(1)
    await exchange(pico.usb, Uint8Array.of(1), 1)
    await lineState(0)
    await pico.bootloader
  })

  it.each([...shippedModels().slice(0, 1), ...mlperfModels().slice(0, 1)])(
    '$name gives what the host gives, bit for bit',
    { timeout: 120_000 },
    async (model) => {
      const job = boardJob(model, 1)
      const runs = runsOf([job])
      const prelude = modelPrelude(job.model.manifest.arenaBytes)
      const pico = await start(`${prelude}${modelsProgram([job.model], runs)}${modelMain}`)
      await pico.found
      const expected = Buffer.concat(job.expected)
      const stdout = Buffer.from(await exchange(pico.usb, Buffer.concat(job.inputs), expected.length))
      expect(cutOutputs(stdout, [job.model], runs)[0]!.map((bytes) => Buffer.from(bytes))).toEqual(
        job.expected.map((bytes) => Buffer.from(bytes)),
      )
    },
  )
})
