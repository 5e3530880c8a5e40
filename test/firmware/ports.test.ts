import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildFirmware } from '../../src/firmware/build.ts'
import { readElfParts } from '../../src/firmware/elf-parts.ts'
import { emulatorArguments } from '../../src/firmware/emulator.ts'
import type { ImagePart } from '../../src/firmware/flash/image-part.ts'
import { listPorts, type Port, portFolder, readPort } from '../../src/firmware/port.ts'
import { chipOf, loadTargets } from '../../src/targets/load.ts'
import { needs, toolPath } from '../support/needs.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { emulatedPorts } from './board-models.ts'

const folder = temporaryFolder()
const host = testHost(folder)

/** Gives back what comes, each byte one more; a 255 ends it. The clock must go on, whatever else happens. */
const echo = `#include "port/port.h"
#include "semihosting.h"
int main(void)
{
  port_setup();
  port_mark(1);
  const uint64_t began = port_ticks();
  for (;;) {
    const int got = port_read();
    if (got < 0) {
      port_wait();
      continue;
    }
    const uint8_t byte = (uint8_t)(got + 1);
    port_write(&byte, 1);
    if (got == 255) break;
  }
  port_mark(0);
  port_pin_mode(port_led, PORT_PIN_OUTPUT);
  port_pin_write(port_led, 1);
  const int lit = port_pin_read(port_led) == 1 && port_pin_read(0) == 0;
  port_pin_write(port_led, 0);
  const int pins = lit && port_pin_read(port_led) == 0 && port_led < port_pins && port_pin_read(port_pins - 1) == 0;
  const int modes = port_pin_modes(port_led) & PORT_PIN_OUTPUT;
  semihosting_exit(port_ticks() > began && port_ticks_hz > 0 && pins && modes && port_read_room > 1000 ? 0 : 3);
  return 0;
}
`

/** Calls all that a port has, so that all of it is built. */
const everything = `#include "port/port.h"
#pragma weak port_audio
#pragma weak port_audio_read
#pragma weak port_audio_lost
#pragma weak port_bootloader
volatile uintptr_t kept;
int main(void)
{
  port_setup();
  port_mark(port_audio ? 1 : 0);
  int16_t samples[16];
  for (int pin = 0; pin < port_pins; pin++) {
    port_pin_mode(pin, port_pin_modes(pin));
    port_pin_write(pin, port_pin_read(pin));
    kept += port_pin_analog(pin);
  }
  if (port_audio) kept += port_audio(1) + port_audio_read(samples, 16) + port_audio_lost();
  if (port_bootloader) port_bootloader();
  port_write((const uint8_t *)samples, port_read() + port_read_room + port_led + port_ticks() / port_ticks_hz);
  port_wait();
  return 0;
}
`

/** Boards of metal: where vectors, flash and RAM are, and which interrupts are awaited, by the manuals of the chips. */
const metal = [
  {
    id: 'raspberry-pi-pico',
    vectors: 0x10000100,
    flash: [0x10000000, 0x10200000],
    ram: [0x20000000, 0x20042000],
    interruptCount: 32,
    interrupts: [0, 5, 20],
  },
  {
    id: 'nucleo-l4r5zi',
    vectors: 0x08000000,
    flash: [0x08000000, 0x08200000],
    ram: [0x20000000, 0x200a0000],
    interruptCount: 95,
    interrupts: [70],
  },
  {
    id: 'xiao-nrf52840-sense',
    vectors: 0x27000,
    flash: [0x27000, 0xf4000],
    ram: [0x20000400, 0x20040000],
    interruptCount: 48,
    interrupts: [0, 2, 8, 29, 39],
  },
  {
    id: 'microbit-v2',
    vectors: 0,
    flash: [0, 0x80000],
    ram: [0x20000000, 0x20020000],
    interruptCount: 48,
    interrupts: [2, 7, 8],
  },
] as const

function wordsAt(parts: readonly ImagePart[], address: number, count: number): readonly number[] {
  const part = parts.find((each) => address >= each.address && address < each.address + each.bytes.length)!
  const view = new DataView(part.bytes.buffer, part.bytes.byteOffset + address - part.address)
  return Array.from({ length: count }, (_, index) => view.getUint32(4 * index, true))
}

describe('ports', () => {
  it('are boards of the targets, with the core of their chip', async () => {
    const targets = await loadTargets(host)
    const ids = await listPorts(host)
    expect(ids).toEqual(expect.arrayContaining([...emulatedPorts]))
    for (const id of ids) {
      const [port, board] = [await readPort(host, id), targets.boards.get(id)!]
      const [core] = chipOf(targets, board).cores
      expect(port.core).toBe(core!.name)
      expect(port.clockHz).toBeLessThanOrEqual(core!.clockHz.value)
      expect(board.status).not.toBe('described')
      expect(existsSync(join(host.packageFolder, 'docs', 'boards', `${id}.md`))).toBe(true)
    }
  })

  it('a port that is not there is named', async () => {
    await expect(readPort(host, 'abacus')).rejects.toMatchObject({
      code: 'TARGET_INVALID',
      where: expect.stringContaining('abacus'),
    })
  })

  it('says which core nothing builds for, and what the compiler said', async () => {
    const port = await readPort(host, emulatedPorts[0]!)
    const build = (core: string) =>
      buildFirmware(host, { ...port, core }, { files: ['/gone.c'], flags: [] }, '/gone.elf')
    await expect(build('Z80')).rejects.toMatchObject({ code: 'FIRMWARE_BUILD', where: 'Z80' })
    await expect(build('Cortex-M3')).rejects.toMatchObject({ code: 'FIRMWARE_BUILD', where: 'Cortex-M3' })
  })

  needs('a compiler for Cortex-M')('as firmware', () => {
    const build = async (port: Port, source: string) => {
      const [file, elf] = [join(folder, 'main.c'), join(folder, 'firmware.elf')]
      writeFileSync(file, source)
      const sizes = await buildFirmware(host, port, { files: [file], flags: ['-Os', '-Werror'] }, elf)
      return { sizes, elf }
    }

    it.each(metal)('$id: vectors, interrupts and memory are those of the chip', { timeout: 60_000 }, async (board) => {
      const { sizes, elf } = await build(await readPort(host, board.id), everything)
      const parts = readElfParts(readFileSync(elf))
      const inFlash = (address: number) => address >= board.flash[0]! && address < board.flash[1]!
      const inRam = (address: number) => address >= board.ram[0]! && address <= board.ram[1]!
      for (const { address, bytes } of parts) {
        expect([inFlash(address), inFlash(address + bytes.length - 1)]).toEqual([true, true])
      }
      expect(sizes.flashBytes).toBeLessThan(16 * 1024)
      const words = wordsAt(parts, board.vectors, 16 + board.interruptCount)
      expect(words[0]).toBe(board.ram[1])
      expect([words[1]! & 1, inFlash(words[1]!)]).toEqual([1, true])
      const filled = words.flatMap((word, index) => (word !== 0 && index > 15 ? [index - 16] : []))
      expect(filled).toEqual(board.interrupts)
      for (const word of words.slice(2))
        expect(word === 0 || ((word & 1) === 1 && (inFlash(word) || inRam(word)))).toBe(true)
    })

    needs('an emulator of Cortex-M')('in the emulator', () => {
      const sent = Uint8Array.from({ length: 2000 }, (_, index) => (index === 1999 ? 255 : (index * 7) % 255))
      const runsEcho = async (port: Port) => {
        const { elf } = await build(port, echo)
        const args = emulatorArguments(port, elf, { serial: 'stdio' })
        const ran = spawnSync(toolPath('an emulator of Cortex-M')!, args, { input: sent, timeout: 30_000 })
        const heard = Buffer.compare(
          ran.stdout,
          sent.map((byte) => byte + 1),
        )
        expect([ran.status, heard]).toEqual([0, 0])
      }

      it.each(emulatedPorts)('%s: bytes over the link, clock, pins and exit', { timeout: 60_000 }, async (id) => {
        await runsEcho(await readPort(host, id))
      })

      it('the template that ports begin with', { timeout: 60_000 }, async () => {
        const at = resolve(host.packageFolder, 'firmware-bridge', 'template')
        const { sources, ...template }: Port = JSON.parse(readFileSync(join(at, 'port.json'), 'utf8'))
        const own = sources.map((path) => path.replace(/^template/, '../template'))
        const port = { ...template, id: relative(portFolder(host), at), sources: own }
        await runsEcho({ ...port, sources: [...own, 'cortex-m/semihosting.c'] })
      })

      it("the nRF52's UART, clock and pins on an nRF51, which has their registers", { timeout: 60_000 }, async () => {
        const sources = ['cortex-m/start.c', 'cortex-m/received.c', 'cortex-m/semihosting.c']
        const nrf52 = ['nrf52/ticks.c', 'nrf52/pins.c', 'nrf52/uart.c', 'nrf52/uart-port.c']
        const id = relative(portFolder(host), resolve(import.meta.dirname, 'nrf51'))
        const port = { id, core: 'Cortex-M0+', sources: [...sources, ...nrf52], clockHz: 16e6, machine: 'microbit' }
        await runsEcho({ version: 1, ...port })
      })
    })
  })
})
