import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildFirmware } from '../../src/firmware/build.ts'
import { emulatorArguments } from '../../src/firmware/emulator.ts'
import { listPorts, readPort } from '../../src/firmware/port.ts'
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

describe('ports', () => {
  it('are boards of the targets, with the core of their chip', async () => {
    const targets = await loadTargets(host)
    const ids = await listPorts(host)
    expect(ids).toEqual(expect.arrayContaining([...emulatedPorts]))
    for (const id of ids) {
      const [port, board] = [await readPort(host, id), targets.boards.get(id)!]
      const [core] = chipOf(targets, board).cores
      expect([port.core, port.clockHz]).toEqual([core!.name, core!.clockHz.value])
      expect(board.status).not.toBe('described')
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
    needs('an emulator of Cortex-M')('in the emulator', () => {
      it.each(emulatedPorts)('%s: bytes over the link, clock, pins and exit', { timeout: 60_000 }, async (id) => {
        const port = await readPort(host, id)
        const [source, elf] = [join(folder, 'echo.c'), join(folder, `${id}.elf`)]
        writeFileSync(source, echo)
        await buildFirmware(host, port, { files: [source], flags: ['-Os', '-Werror'] }, elf)
        const sent = Uint8Array.from({ length: 2000 }, (_, index) => (index === 1999 ? 255 : (index * 7) % 255))
        const args = emulatorArguments(port, elf, { serial: 'stdio' })
        const ran = spawnSync(toolPath('an emulator of Cortex-M')!, args, { input: sent, timeout: 30_000 })
        expect(ran.status).toBe(0)
        expect(
          Buffer.compare(
            ran.stdout,
            sent.map((byte) => byte + 1),
          ),
        ).toBe(0)
      })
    })
  })
})
