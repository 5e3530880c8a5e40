import { RP2040 } from 'rp2040js'
import type { FileAppender, Host, HostFiles } from '../../../../src/core/host.ts'
import { skippingClock, timedHost } from './flash-job.ts'

const blockBytes = 512
const flashStart = 0x10000000
const rp2040Family = 0xe48bff56
/** Where its volume is mounted. */
export const volumeFolder = '/media/me/RPI-RP2'
const info = 'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n'

const systemError = (code: string) => Object.assign(new Error(`${code}: simulated`), { code })

/**
 * A Pico whose bootloader shows a volume: every block of 512 bytes that reaches it goes into the flash of an RP2040 of
 * rp2040js, by the rules of the UF2 format, and once all blocks are there it takes the volume away.
 */
export class Uf2Board {
  readonly chip: RP2040 = new RP2040()
  readonly host: Host
  /** Whether the volume is there. */
  mounted = true
  restarts = 0
  /** Bytes after which the cable is taken out. */
  cutAt: number = Number.POSITIVE_INFINITY
  /** Bytes that fit on the volume. */
  roomBytes: number = Number.POSITIVE_INFINITY
  receivedBytes = 0
  /** What of the file did not make a block yet, and the blocks that are there. */
  #held = Buffer.alloc(0)
  readonly #blocks = new Set<number>()

  constructor(more: Parameters<typeof timedHost>[0] = {}) {
    const base = timedHost({
      environment: { USER: 'me' },
      root: { '/proc/mounts': `/dev/sda1 ${volumeFolder} vfat rw 0 0` },
      ...more,
      files: { [`${volumeFolder}/INFO_UF2.TXT`]: info, ...more.files },
    })
    const onVolume = (path: string) => path.startsWith(volumeFolder)
    const present = (path: string) => {
      if (onVolume(path) && !this.mounted) throw systemError('ENOENT')
    }
    const files: HostFiles = {
      ...base.files,
      readText: async (path) => {
        present(path)
        return base.files.readText(path)
      },
      append: async (path) => {
        present(path)
        return onVolume(path) ? this.#open() : base.files.append(path)
      },
    }
    this.host = { ...base, files, clock: skippingClock() }
  }

  /** Plugged in again with its button held: its flash keeps what it got. */
  plugIn(): void {
    this.mounted = true
    this.cutAt = Number.POSITIVE_INFINITY
  }

  /** What the processor reads from there. */
  read(address: number, count: number): Uint8Array {
    return Uint8Array.from({ length: count }, (_, index) => this.chip.readUint8(address + index))
  }

  #open(): FileAppender {
    this.#held = Buffer.alloc(0)
    this.#blocks.clear()
    this.receivedBytes = 0
    let waiting = Buffer.alloc(0)
    return {
      append: async (bytes) => {
        if (!this.mounted) throw systemError('EIO')
        if (this.receivedBytes + waiting.length + bytes.length > this.roomBytes) throw systemError('ENOSPC')
        waiting = Buffer.concat([waiting, bytes])
      },
      sync: async () => {
        const bytes = waiting
        waiting = Buffer.alloc(0)
        this.#take(bytes)
        if (!this.mounted) throw systemError('EIO')
      },
      close: async () => {
        if (!this.mounted) throw systemError('EIO')
      },
    }
  }

  #take(bytes: Buffer): void {
    const left = Math.max(0, this.cutAt - this.receivedBytes)
    const reached = bytes.subarray(0, left)
    this.receivedBytes += reached.length
    this.#held = Buffer.concat([this.#held, reached])
    while (this.#held.length >= blockBytes) {
      this.#program(this.#held.subarray(0, blockBytes))
      this.#held = this.#held.subarray(blockBytes)
    }
    if (reached.length < bytes.length) this.mounted = false
  }

  #program(block: Buffer): void {
    const word = (index: number) => block.readUInt32LE(4 * index)
    if (word(0) !== 0x0a324655 || word(1) !== 0x9e5d5157 || word(7) !== rp2040Family) return
    this.chip.flash.set(block.subarray(32, 32 + word(4)), word(3) - flashStart)
    this.#blocks.add(word(5))
    if (this.#blocks.size < word(6)) return
    this.mounted = false
    this.restarts++
  }
}
