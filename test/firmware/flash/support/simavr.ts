import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { readElfParts } from '../../../../src/firmware/elf-parts.ts'
import { flatBytes } from '../../../../src/firmware/flash/image-part.ts'
import { toolPath } from '../../../support/needs.ts'
import type { BoardEnd } from './link-ends.ts'

const flashBytes = 32768
/** What optiboot has at the end of the flash. */
export const bootloaderBytes = 1024
const bootAddress: number = flashBytes - bootloaderBytes
const headBytes = 4

/** An ATmega328P with optiboot, emulated. */
export interface AvrBoard extends AsyncDisposable {
  /** For a link: a falling DTR resets the chip, as the capacitor on an Uno does. */
  readonly end: BoardEnd
  /** Where what the chip sends goes. */
  onSend: (bytes: Uint8Array) => void
  reset(): void
  /** Program counter and the whole flash. */
  dump(): Promise<{ readonly programCounter: number; readonly flash: Uint8Array }>
}

/**
 * Builds optiboot: Debian's compiler makes it larger than the 512 bytes of an Uno (532, and so is the file that Debian
 * ships), so that it gets 1 KB, which the chip's fuses allow too.
 */
function buildOptiboot(elf: string): void {
  const source = toolPath('the sources of optiboot')!
  const chip = ['-mmcu=atmega328p', '-DF_CPU=16000000L', '-DLED_START_FLASHES=3', '-DBAUD_RATE=115200']
  const places = [`-Wl,--section-start=.text=0x${bootAddress.toString(16)}`, '-Wl,--section-start=.version=0x7ffe']
  const flags = ['-Os', '-fno-split-wide-types', '-mrelax', '-w', '-nostartfiles', '-nostdlib']
  execFileSync(toolPath('a compiler for AVR')!, [...flags, ...chip, ...places, source, '-o', elf])
}

/** Compiles the runner and starts an Uno with optiboot in it. */
export function startAvrBoard(folder: string): AvrBoard {
  const runner = join(folder, 'avr-runner')
  const source = resolve(import.meta.dirname, '../../../support/avr/avr-runner.c')
  execFileSync(toolPath('cc')!, ['-O2', '-I', toolPath('simavr as a library')!, source, '-o', runner, '-lsimavr'])
  buildOptiboot(join(folder, 'boot.elf'))
  const boot = flatBytes(readElfParts(readFileSync(join(folder, 'boot.elf'))), bootAddress, 'optiboot')
  writeFileSync(join(folder, 'boot.bin'), boot)
  const child = spawn(runner, [join(folder, 'boot.bin'), bootAddress.toString(16)], {
    stdio: ['pipe', 'pipe', 'ignore', 'pipe', 'pipe'],
  })
  const [control, dumped] = [child.stdio[3] as Writable, child.stdio[4] as Readable]
  for (const stream of [child.stdin!, control]) stream.on('error', () => {})
  const reset = () => void control.write('r')
  let dtr = true
  const board: AvrBoard = {
    end: {
      receive: (bytes) => void child.stdin!.write(bytes),
      lines: (lines) => {
        if (lines.dtr && !dtr) reset()
        dtr = lines.dtr
      },
    },
    onSend: () => {},
    reset,
    dump: () =>
      new Promise((done) => {
        let held = Buffer.alloc(0)
        dumped.on('data', (chunk: Buffer) => {
          held = Buffer.concat([held, chunk])
          if (held.length < headBytes + flashBytes) return
          dumped.removeAllListeners('data')
          done({ programCounter: held.readUInt32LE(0), flash: new Uint8Array(held.subarray(headBytes)) })
        })
        control.write('d')
      }),
    [Symbol.asyncDispose]: async () => {
      const exited = new Promise((gone) => child.once('exit', gone))
      child.kill('SIGKILL')
      await exited
    },
  }
  child.stdout!.on('data', (chunk: Buffer) => board.onSend(new Uint8Array(chunk)))
  return board
}
