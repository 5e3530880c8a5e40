import type { SampleBlock } from './samples.ts'
import type { RawDecoder } from './trace-file.ts'

/** Name of the layout below in a sidecar. */
export const plainLayoutName = 'watts-f32le-levels-u8'

/** Five bytes a sample: watts as float32 LE and the digital levels. For meters whose own bytes have no fixed length. */
export const plainLayout: RawDecoder = {
  wordBytes: 5,
  decode: (raw) => {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
    const count = Math.floor(raw.length / 5)
    const powerW = new Float32Array(count)
    const digital = new Uint8Array(count)
    for (let at = 0; at < count; at++) {
      powerW[at] = view.getFloat32(5 * at, true)
      digital[at] = raw[5 * at + 4]!
    }
    return { powerW, digital }
  },
}

/** The samples of a block in the plain layout. */
export function toPlain({ powerW, digital }: Pick<SampleBlock, 'powerW' | 'digital'>): Uint8Array {
  const raw = new Uint8Array(5 * powerW.length)
  const view = new DataView(raw.buffer)
  for (let at = 0; at < powerW.length; at++) {
    view.setFloat32(5 * at, powerW[at]!, true)
    raw[5 * at + 4] = digital[at]!
  }
  return raw
}
