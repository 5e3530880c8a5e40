/** Bytes of one sample: float32 LE µA, then the channels as u16 BE, two bits each. */
export const frameBytes = 6

/** Two bits a channel, channel i at bits 2i+1 and 2i: 01 low, 10 high, 11 both, 00 unknown. */
const wordOfLevels: Uint16Array = Uint16Array.from({ length: 256 }, (_, levels) => {
  let word = 0
  for (let channel = 0; channel < 8; channel++) word |= ((levels >> channel) & 1 ? 2 : 1) << (2 * channel)
  return word
})

/** Levels of the eight channels; both within an averaged sample counts as high. */
const levelsOfWord: Uint8Array = Uint8Array.from({ length: 65_536 }, (_, word) => {
  let levels = 0
  for (let channel = 0; channel < 8; channel++) if ((word >> (2 * channel)) & 2) levels |= 1 << channel
  return levels
})

const allLow = 0x5555
/** What the app stores for a sample that it lost; its readings below this become 0. */
const storedForLost = Math.fround(0.2)

/** Writes samples as frames. */
export function toFrames(
  powerW: Float32Array,
  digital: Uint8Array,
  microamperesPerWatt: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(powerW.length * frameBytes)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < powerW.length; at++) {
    view.setFloat32(at * frameBytes, powerW[at]! * microamperesPerWatt, true)
    view.setUint16(at * frameBytes + 4, wordOfLevels[digital[at]!]!)
  }
  return bytes
}

/** Frames of lost samples: no current and channels unknown. */
export function lostFrames(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count * frameBytes)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < count; at++) view.setFloat32(at * frameBytes, Number.NaN, true)
  return bytes
}

/** Samples that frames hold. */
export interface ReadFrames {
  readonly powerW: Float32Array
  readonly digital: Uint8Array
  /** 1 where the sample was lost. */
  readonly lost: Uint8Array
}

/**
 * Reads whole frames.
 * @param isFromApp frames of the app: 0.2 µA with every channel low stands for a lost sample
 */
export function readFrames(bytes: Uint8Array, supplyV: number, isFromApp: boolean): ReadFrames {
  const count = bytes.length / frameBytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames = { powerW: new Float32Array(count), digital: new Uint8Array(count), lost: new Uint8Array(count) }
  const perMicroampere = supplyV * 1e-6
  for (let at = 0; at < count; at++) {
    const current = view.getFloat32(at * frameBytes, true)
    const word = view.getUint16(at * frameBytes + 4)
    frames.powerW[at] = current * perMicroampere
    frames.digital[at] = levelsOfWord[word]!
    const isMarked = Number.isNaN(current) && word === 0
    const isStandIn = isFromApp && current === storedForLost && (word === allLow || word === 0)
    if (isMarked || isStandIn) frames.lost[at] = 1
  }
  return frames
}
