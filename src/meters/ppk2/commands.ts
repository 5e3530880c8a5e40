/** How the PPK2 is wired: it only measures what passes, or it feeds the device. */
export type PowerMode = 'ampere' | 'source'

/** What a host can ask of a PPK2. There is no framing and no acknowledgement; only `metadata` answers. */
export type Ppk2Command =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'metadata' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'device power'; readonly on: boolean }
  | { readonly kind: 'power mode'; readonly mode: PowerMode }
  /** Regulator voltage in mV, 800 to 5000. */
  | { readonly kind: 'regulator'; readonly millivolts: number }
  /** Factor on the current of one range (0 to 4), as a 32-bit float. */
  | { readonly kind: 'user gain'; readonly range: number; readonly gain: number }

const simpleCommands = [
  [0x06, { kind: 'start' }],
  [0x07, { kind: 'stop' }],
  [0x19, { kind: 'metadata' }],
  [0x20, { kind: 'reset' }],
] as const satisfies readonly (readonly [number, Ppk2Command])[]

/** The bytes of a command: the regulator voltage is big-endian, the gain little-endian. */
export function writeCommand(command: Ppk2Command): Uint8Array {
  switch (command.kind) {
    case 'device power':
      return Uint8Array.of(0x0c, command.on ? 1 : 0)
    case 'power mode':
      return Uint8Array.of(0x11, command.mode === 'ampere' ? 1 : 2)
    case 'regulator':
      return Uint8Array.of(0x0d, command.millivolts >> 8, command.millivolts & 255)
    case 'user gain': {
      const bytes = Uint8Array.of(0x25, command.range, 0, 0, 0, 0)
      new DataView(bytes.buffer).setFloat32(2, command.gain, true)
      return bytes
    }
    default:
      return Uint8Array.of(simpleCommands.find(([, simple]) => simple.kind === command.kind)![0])
  }
}

/** A command read from bytes, `command` null for an opcode that is not known (one byte is skipped then). */
export interface ReadCommand {
  readonly command: Ppk2Command | null
  readonly length: number
}

/** Reads the command that begins at `offset`; null when its arguments have not all arrived. */
export function readCommand(bytes: Uint8Array, offset: number): ReadCommand | null {
  const opcode = bytes[offset]
  const need = opcode === 0x0c || opcode === 0x11 ? 2 : opcode === 0x0d ? 3 : opcode === 0x25 ? 6 : 1
  if (bytes.length < offset + need) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, need)
  const read = (command: Ppk2Command | null): ReadCommand => ({ command, length: need })
  switch (opcode) {
    case 0x0c:
      return read({ kind: 'device power', on: view.getUint8(1) !== 0 })
    case 0x11:
      return read({ kind: 'power mode', mode: view.getUint8(1) === 2 ? 'source' : 'ampere' })
    case 0x0d:
      return read({ kind: 'regulator', millivolts: view.getUint16(1, false) })
    case 0x25:
      return read({ kind: 'user gain', range: view.getUint8(1), gain: view.getFloat32(2, true) })
    default:
      return read(simpleCommands.find(([code]) => code === opcode)?.[1] ?? null)
  }
}
