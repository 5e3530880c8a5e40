import { createHash } from 'node:crypto'
import { Unzlib } from 'fflate'
import type { ModemLines } from '../../../../src/core/link.ts'
import type { BoardEnd } from './link-ends.ts'

/** Operations of Espressif's serial protocol ("Serial Protocol" in the documentation of esptool). */
const ops = {
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeReg: 0x09,
  readReg: 0x0a,
  deflBegin: 0x10,
  deflData: 0x11,
  deflEnd: 0x12,
  md5: 0x13,
  securityInfo: 0x14,
} as const
const slip = { end: 0xc0, escape: 0xdb, escapedEnd: 0xdc, escapedEscape: 0xdd } as const
const flashBytes = 1 << 20
const syncAnswers = 8
const checksumSeed = 0xef
const unsupported = 0x05

/** What the chip runs. */
type Mode = 'rom' | 'stub' | 'application'

/** What it answers to a command, beside the command. */
interface Reply {
  readonly value?: number
  readonly data?: readonly number[]
  readonly failure?: number
}

const refusal: Reply = { failure: unsupported }

/** An ESP32-S3's ROM, and the stub that esptool-js brings into its memory. */
export class Esp32S3 implements BoardEnd {
  readonly flash: Uint8Array = new Uint8Array(flashBytes).fill(0x5a)
  onSend: (bytes: Uint8Array) => void = () => {}
  mode: Mode = 'application'
  /** What the chip says that it is. */
  chipId = 9
  /** Adds to what a chip with worn flash would hold. */
  wornByte: number | null = null
  readonly #registers = new Map<number, number>()
  #packet: number[] | null = null
  #escaped = false
  #inReset = false
  #loadedBytes = 0
  #announcedBytes = 0
  #inflate: Unzlib | null = null

  /** EN is low while RTS alone is asserted, IO0 while DTR alone is. */
  lines({ dtr, rts }: ModemLines): void {
    const resets = rts && !dtr
    if (this.#inReset && !resets) this.start(dtr && !rts ? 'rom' : 'application')
    this.#inReset = resets
  }

  start(mode: Mode): void {
    this.mode = mode
    this.#packet = null
    this.#inflate = null
    this.#loadedBytes = 0
    this.#announcedBytes = 0
  }

  receive(bytes: Uint8Array): void {
    if (this.mode === 'application' || this.#inReset) return
    for (const byte of bytes) this.#take(byte)
  }

  #take(byte: number): void {
    if (byte === slip.end) {
      const packet = this.#packet
      this.#packet = packet === null || packet.length > 0 ? null : []
      if (packet === null) this.#packet = []
      else if (packet.length >= 8) this.#serve(Uint8Array.from(packet))
      this.#escaped = false
    } else if (this.#packet === null) return
    else if (byte === slip.escape) this.#escaped = true
    else {
      const plain = byte === slip.escapedEnd ? slip.end : slip.escape
      this.#packet.push(this.#escaped ? plain : byte)
      this.#escaped = false
    }
  }

  #send(bytes: readonly number[]): void {
    const escaped = bytes.flatMap((byte) => {
      if (byte === slip.end) return [slip.escape, slip.escapedEnd]
      return byte === slip.escape ? [slip.escape, slip.escapedEscape] : [byte]
    })
    this.onSend(Uint8Array.from([slip.end, ...escaped, slip.end]))
  }

  #answer(op: number, { value = 0, data = [], failure = 0 }: Reply): void {
    const status = this.mode === 'stub' ? [failure ? 1 : 0, failure] : [failure ? 1 : 0, failure, 0, 0]
    const body = [...data, ...status]
    const word = [value, value >>> 8, value >>> 16, value >>> 24].map((byte) => byte & 0xff)
    this.#send([1, op, body.length & 0xff, body.length >> 8, ...word, ...body])
  }

  #serve(packet: Uint8Array): void {
    if (packet[0] !== 0) return
    const view = new DataView(packet.buffer)
    const [op, data] = [packet[1]!, packet.subarray(8)]
    const isWhole = view.getUint16(2, true) === data.length
    const reply = isWhole ? this.#replyTo(op, data, view.getUint32(4, true)) : refusal
    for (let i = 0; i < (op === ops.sync ? syncAnswers : 1); i++) this.#answer(op, reply)
    if (op !== ops.memEnd || reply.failure) return
    this.mode = 'stub'
    this.#send([...Buffer.from('OHAI')])
  }

  #replyTo(op: number, data: Uint8Array, checksum: number): Reply {
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    const word = (index: number) => view.getUint32(4 * index, true)
    const payload = data.subarray(16)
    const isIntact = () =>
      payload.length === word(0) && payload.reduce((mixed, byte) => mixed ^ byte, checksumSeed) === checksum
    switch (op) {
      case ops.sync:
        return { value: this.mode === 'rom' ? 0x20120707 : 0 }
      case ops.readReg:
        return { value: this.#registers.get(word(0)) ?? 0 }
      case ops.writeReg:
        this.#registers.set(word(0), word(1))
        return {}
      case ops.securityInfo:
        return { data: [...new Array(12).fill(0), this.chipId, ...new Array(7).fill(0)] }
      case ops.memBegin:
        this.#announcedBytes += word(0)
        return {}
      case ops.memData:
        this.#loadedBytes += payload.length
        return isIntact() ? {} : refusal
      case ops.memEnd:
        return this.#loadedBytes > 0 && this.#loadedBytes === this.#announcedBytes ? {} : refusal
      case ops.deflBegin:
        this.#begin(word(0), word(3))
        return {}
      case ops.deflData:
        if (!isIntact() || !this.#inflate) return refusal
        this.#inflate.push(payload)
        return {}
      case ops.deflEnd:
        return {}
      case ops.md5:
        return { data: this.#md5(word(0), word(1)) }
      default:
        return refusal
    }
  }

  #begin(size: number, offset: number): void {
    this.flash.fill(0xff, offset, offset + Math.ceil(size / 4096) * 4096)
    let at = offset
    this.#inflate = new Unzlib((chunk) => {
      this.flash.set(chunk, at)
      at += chunk.length
      if (this.wornByte !== null) this.flash[this.wornByte] = 0
    })
  }

  #md5(address: number, bytes: number): readonly number[] {
    return [
      ...createHash('md5')
        .update(this.flash.subarray(address, address + bytes))
        .digest(),
    ]
  }
}
