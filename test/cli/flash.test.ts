import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addFlashCommand } from '../../src/cli/flash.ts'
import { writeIntelHex } from '../../src/firmware/flash/intel-hex.ts'
import { flashers } from '../../src/firmware/flash/list.ts'
import { readUf2 } from '../../src/firmware/flash/uf2.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { nodeSerial } from '../../src/hosts/node-serial.ts'
import { randomBytes } from '../firmware/flash/support/flash-job.ts'
import type { Answer } from '../firmware/flash/support/scripted-port.ts'
import { scriptedStm32 } from '../firmware/flash/support/scripted-stm32.ts'
import { milliwatt } from '../support/cli.ts'
import { openPtyPair, requirePty } from '../support/pty.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const bytes = randomBytes(3000, 1)
const flashStart = 0x08000000
writeFileSync(at('own.bin'), bytes)
writeFileSync(at('own.hex'), writeIntelHex([{ address: flashStart, bytes }]))
await mkdir(at('volume'))
writeFileSync(at('volume/INFO_UF2.TXT'), 'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n')

const flash = (...args: readonly string[]) => milliwatt(['flash', ...args], { cache: at('cache') })
const missing = requirePty()

describe('docs/flashing.md', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/flashing.md'), 'utf8')

  it('has commands that the command line takes', () => {
    const [, commands = ''] = /^```\n([\s\S]*?)^```/m.exec(page) ?? []
    const lines = commands.trim().split('\n')
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) {
      const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
      const program = new Command('milliwatt').exitOverride()
      addFlashCommand(program, fakeHost(), () => {})
      for (const command of program.commands) command.exitOverride().action(() => {})
      expect(words.shift()).toBe('milliwatt')
      program.parse(words, { from: 'user' })
    }
  })

  it('has a heading for every way that is gone', () => {
    const headings = page.split('\n').filter((line) => line.startsWith('### '))
    const ways = flashers.flatMap(({ ways }) => ways)
    expect(ways.filter((way) => !headings.some((heading) => heading.includes(`\`${way}\``)))).toEqual([])
  })
})

describe('milliwatt flash', () => {
  it('copies to a volume, as text and as JSON', async () => {
    const args = [at('own.bin'), '--board', 'raspberry-pi-pico', '--volume', at('volume')]
    const said = await flash(...args)
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.stdout).toMatch(/^Raspberry Pi Pico: .*own\.bin, 3,000 bytes over uf2 volume\n/)
    const json = JSON.parse((await flash(...args, '--json')).stdout)
    expect(json).toMatchObject({
      version: 1,
      kind: 'milliwatt-flash',
      board: 'raspberry-pi-pico',
      way: 'uf2 volume',
      bytes: 3000,
      verified: true,
      image: { format: 'bin', model: null },
      attempts: 1,
    })
    expect(json.steps.map(({ step }: { step: string }) => step)).toEqual(['enter', 'write', 'verify', 'run'])
    const [part] = readUf2(readFileSync(at('volume/MILLIWAT.UF2'))).parts
    expect(part!.address).toBe(0x10000000)
    expect(Buffer.compare(part!.bytes.subarray(0, 3000), bytes)).toBe(0)
  })

  it('says that an emulated board needs nothing, and how to run it', async () => {
    const said = await flash('kws', '--board', 'qemu-m4', '--json')
    expect(JSON.parse(said.stdout)).toMatchObject({
      needed: false,
      board: 'qemu-mps2-an386',
      next: 'milliwatt run kws --on qemu-m4',
    })
  })

  it('lists boards and ways', async () => {
    const { stdout, code } = await flash('--list')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^raspberry-pi-pico {2}Raspberry Pi Pico/m)
    expect(stdout).toContain('nothing to flash: qemu-system-arm runs it')
  })

  it.each([
    [['own.bin'], 2, 'Give a model or an image'],
    [['own.hex', '--board', 'nucleo-l4r5zi', '--with', 'stm32 uart', '--port', '/dev/nowhere'], 1, 'DEVICE_NOT_FOUND'],
    [['own.bin', '--board', 'xiao-nrf52840-sense', '--volume', 'volume'], 1, 'IMAGE_WRONG_BOARD'],
  ] as const)('%j exits with %i', async (args, code, words) => {
    const said = await milliwatt(['flash', ...args], { cwd: folder, cache: at('cache') })
    expect(said).toMatchObject({ code, stdout: '' })
    expect(said.stderr).toContain(words)
  })

  /** An STM32's bootloader behind a pty, and milliwatt before it. */
  async function overPty(
    change: (command: number, answer: Answer) => Answer,
    onCommand: (stop: () => void) => void = () => {},
  ) {
    const pair = await openPtyPair()
    const far = await nodeSerial.open(pair.b, { baudRate: 115_200 })
    let stop = () => {}
    const board = scriptedStm32((command, answer) => {
      if (command === 0x31) onCommand(stop)
      return change(command, answer)
    })
    far.onData((got) => void far.write(Uint8Array.from(board.take(got))).catch(() => {}))
    const args = [
      at('own.hex'),
      '--board',
      'nucleo-l4r5zi',
      '--port',
      pair.a,
      '--with',
      'stm32 uart',
      '--json',
      '--wait',
      '5',
    ]
    const said = await milliwatt(['flash', ...args], {
      cache: at('cache'),
      onStart: (child) => {
        stop = () => void child.kill('SIGINT')
      },
    })
    await far.close()
    await pair.cut()
    return { said, board }
  }

  it.skipIf(missing)(`goes over a real serial port ${missing ?? ''}`, async () => {
    const { said, board } = await overPty((_, answer) => answer)
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(said.stdout)).toMatchObject({ way: 'stm32 uart', verified: true, started: true, bytes: 3000 })
    expect(Buffer.from(bytes.map((_, index) => board.memory.get(flashStart + index)!)).equals(bytes)).toBe(true)
  })

  it.skipIf(missing)(`says on Ctrl-C what the board holds ${missing ?? ''}`, async () => {
    let writes = 0
    const { said } = await overPty(
      (command, answer) => (command === 0x31 && writes >= 10 ? null : answer),
      (stop) => {
        if (++writes === 10) stop()
      },
    )
    expect(said).toMatchObject({ code: 130, stdout: '' })
    expect(said.stderr).toMatch(/^FLASH_INTERRUPTED: .* \d+ of 3000 bytes were written: the board holds no whole image/)
  })
})
