import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { buildFirmware } from '../../../../src/firmware/build.ts'
import { readElfParts } from '../../../../src/firmware/elf-parts.ts'
import { emulatorArguments } from '../../../../src/firmware/emulator.ts'
import type { ImagePart } from '../../../../src/firmware/flash/image-part.ts'
import { readPort } from '../../../../src/firmware/port.ts'
import { nodeHost } from '../../../../src/hosts/node.ts'
import { toolPath } from '../../../support/needs.ts'
import type { BoardEnd } from './link-ends.ts'

const portId = 'qemu-mps2-an386'
const sources = resolve(import.meta.dirname, '../an3155')
/** Where the bootloader's flash begins, in hex. */
export const flashAddress = '00200000'

/** An emulated Cortex-M4 with a bootloader that speaks AN3155. */
export interface Stm32Board extends AsyncDisposable {
  readonly end: BoardEnd
  /** Where what it sends goes. */
  onSend: (bytes: Uint8Array) => void
  /** Its memory, past its own processor. */
  memory(address: number, count: number): Promise<Uint8Array>
  /** What it sent since it was asked last. */
  said(): string
}

/** The program that is to be flashed, built for the bootloader's flash. */
export async function buildProgram(folder: string): Promise<readonly ImagePart[]> {
  const place = join(folder, 'place')
  mkdirSync(place)
  const flash = `FLASH (rx) : ORIGIN = 0x${flashAddress}, LENGTH = 256K`
  writeFileSync(join(place, 'memory.ld'), `MEMORY\n{\n  ${flash}\n  RAM (rw) : ORIGIN = 0x20000000, LENGTH = 1M\n}\n`)
  const elf = join(folder, 'program.elf')
  await build('program.c', elf, ['-L', place])
  return readElfParts(readFileSync(elf))
}

async function build(source: string, elf: string, more: readonly string[] = []): Promise<number> {
  const host = { ...nodeHost(), environment: { MILLIWATT_ARM_CC: toolPath('a compiler for Cortex-M')! } }
  const flags = [...more, '-Os', '-Werror']
  const sizes = await buildFirmware(host, await readPort(host, portId), { files: [join(sources, source)], flags }, elf)
  return sizes.flashBytes
}

/** Builds the bootloader and starts it in QEMU. */
export async function startStm32Board(folder: string): Promise<Stm32Board> {
  const elf = join(folder, 'bootloader.elf')
  await build('bootloader.c', elf)
  const socket = join(folder, 'qmp')
  const args = emulatorArguments(await readPort(nodeHost(), portId), elf, { serial: 'stdio' })
  const control = ['-qmp', `unix:${socket},server=on,wait=off`]
  const child = spawn(toolPath('an emulator of Cortex-M')!, [...args, ...control], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.on('error', () => {})
  let said = ''
  const board: Stm32Board = {
    end: { receive: (bytes) => void child.stdin.write(bytes) },
    onSend: () => {},
    memory: async (address, count) => {
      const file = join(folder, 'memory.bin')
      await askQemu(socket, { execute: 'pmemsave', arguments: { val: address, size: count, filename: file } })
      return new Uint8Array(readFileSync(file))
    },
    said: () => {
      const words = said
      said = ''
      return words
    },
    [Symbol.asyncDispose]: async () => {
      const exited = new Promise((gone) => child.once('exit', gone))
      child.kill('SIGKILL')
      await exited
    },
  }
  for (let attempt = 0; attempt < 100; attempt++) {
    const isUp = await askQemu(socket, { execute: 'query-status' }).then(
      () => true,
      () => false,
    )
    if (isUp) break
    await new Promise((resume) => setTimeout(resume, 50))
  }
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1')
    board.onSend(new Uint8Array(chunk))
  })
  return board
}

/** One command over QEMU's machine protocol. */
function askQemu(path: string, command: object): Promise<void> {
  return new Promise((done, fail) => {
    const socket = connect(path)
    let answers = 0
    socket.on('error', fail)
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        const answer = JSON.parse(line) as { QMP?: object; return?: object; error?: { desc: string } }
        if (answer.error) fail(new Error(answer.error.desc))
        if (answer.QMP) socket.write(`${JSON.stringify({ execute: 'qmp_capabilities' })}\n`)
        if (answer.return && ++answers === 1) socket.write(`${JSON.stringify(command)}\n`)
        if (answers === 2) socket.end(done)
      }
    })
  })
}
