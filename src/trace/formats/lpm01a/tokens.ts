/** One thing that a log of an X-NUCLEO-LPM01A holds. */
export type LpmToken =
  | { readonly kind: 'value'; readonly value: number }
  /** Time of the meter in milliseconds, every 1000 samples. */
  | { readonly kind: 'time'; readonly ms: number }
  /** An edge on the event line; the next sample is the first after it. */
  | { readonly kind: 'event' }
  /** A setting that the meter acknowledged, `freq` and `1k` for instance. */
  | { readonly kind: 'setting'; readonly name: string; readonly value: string }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'end' }

const lineFeed = 10
/** A line or a text frame that is longer is none. */
const longestText = 1024

/** A number as the shell writes it: `1k`, `2m`, `100u`, `2-3`, `1800m`; NaN for another text. */
export function shellNumber(text: string): number {
  const [, digits = '', suffix = '', exponent = ''] = /^(\d+(?:\.\d+)?)(?:([kmun])|([+-]\d+))?$/.exec(text) ?? []
  const factor = { k: 1e3, m: 1e-3, u: 1e-6, n: 1e-9 }[suffix] ?? (exponent ? 10 ** Number(exponent) : 1)
  return digits === '' ? Number.NaN : Number(digits) * factor
}

function lineToken(line: string): LpmToken | null {
  const value = /^(\d{4})([+-]\d\d)$/.exec(line)
  if (value) return { kind: 'value', value: Number(value[1]) * 10 ** Number(value[2]) }
  const time = /^TimeStamp:[\s<>]*(\d+)s\s+(\d+)ms/i.exec(line)
  if (time) return { kind: 'time', ms: Number(time[1]) * 1000 + Number(time[2]) }
  const setting = /ack:? +(freq|volt|output|format|start)\b *(\S*)/i.exec(line)
  if (setting) return { kind: 'setting', name: setting[1]!.toLowerCase(), value: setting[2]!.toLowerCase() }
  if (/^event +\d+ +ris/i.test(line)) return { kind: 'event' }
  if (/\berror\b|^err\b|overcurrent/i.test(line)) return { kind: 'error', text: line }
  return /^end\b|acquisition completed/i.test(line) ? { kind: 'end' } : null
}

/** Bytes of a frame between `F0 Fx` and `FF FF`; null for text, which goes on until then. */
const frameLengths: Readonly<Record<number, number | null>> = {
  241: null,
  242: null,
  243: 5,
  244: 0,
  245: 0,
  246: 0,
  247: 2,
  248: 2,
  249: 1,
}

/** Takes a log apart, ascii_dec or bin_hexa, as its bytes come. */
export class LpmTokenizer {
  #rest = new Uint8Array(0)
  #isBinary: boolean
  #nextIsBinary = false

  /** @param isBinary whether the log begins within a binary stream, without the shell's lines */
  constructor(isBinary: boolean) {
    this.#isBinary = isBinary
  }

  /** Bytes of a value, line or frame that is not whole yet. */
  get unread(): number {
    return this.#rest.length
  }

  push(bytes: Uint8Array): readonly LpmToken[] {
    const all = new Uint8Array(this.#rest.length + bytes.length)
    all.set(this.#rest)
    all.set(bytes, this.#rest.length)
    const tokens: LpmToken[] = []
    let at = 0
    for (;;) {
      const next = this.#isBinary ? this.#binary(all, at, tokens) : this.#line(all, at, tokens)
      if (next === at) break
      at = next
    }
    this.#rest = all.slice(at)
    return tokens
  }

  /** Reads one line; gives back the same place when it is not whole. */
  #line(bytes: Uint8Array, from: number, tokens: LpmToken[]): number {
    const end = bytes.indexOf(lineFeed, from)
    // What is no text cannot end a line either: let go of it.
    if (end === -1) return bytes.length - from > longestText ? bytes.length : from
    // A NUL comes before the first value after a time stamp.
    const line = new TextDecoder('latin1').decode(bytes.subarray(from, end)).replace(/\0/g, '').trim()
    const token = lineToken(line)
    if (token) tokens.push(token)
    if (token?.kind === 'setting' && token.name === 'format') this.#nextIsBinary = token.value === 'bin_hexa'
    if (token?.kind === 'setting' && token.name === 'start') this.#isBinary = this.#nextIsBinary
    return end + 1
  }

  /** Reads one value or frame; gives back the same place when it is not whole. */
  #binary(bytes: Uint8Array, from: number, tokens: LpmToken[]): number {
    if (from + 2 > bytes.length) return from
    const [high, low] = [bytes[from]!, bytes[from + 1]!]
    if (high < 0xf0) {
      tokens.push({ kind: 'value', value: (((high & 15) << 8) | low) * 16 ** -(high >> 4) })
      return from + 2
    }
    const length = high === 0xf0 ? frameLengths[low] : undefined
    // Not a frame that is known: the framing was lost for a byte.
    if (length === undefined) return from + 1
    const end = length === null ? endOfText(bytes, from + 2) : from + 2 + length
    if (end === null || end + 2 > bytes.length) return from
    if (bytes[end] !== 0xff || bytes[end + 1] !== 0xff) return from + 1
    const token = frameToken(low, bytes.subarray(from + 2, end))
    if (token) tokens.push(token)
    if (token?.kind === 'end') this.#isBinary = false
    return end + 2
  }
}

function endOfText(bytes: Uint8Array, from: number): number | null {
  for (let at = from; at + 1 < bytes.length && at < from + longestText; at++) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xff) return at
  }
  return bytes.length > from + longestText ? from : null
}

function frameToken(kind: number, content: Uint8Array): LpmToken | null {
  const text = () => new TextDecoder('latin1').decode(content)
  if (kind === 0xf1) return { kind: 'error', text: text() }
  // Bit 31 says that the counter has wrapped.
  if (kind === 0xf3)
    return { kind: 'time', ms: new DataView(content.buffer, content.byteOffset).getUint32(0) & 0x7fffffff }
  if (kind === 0xf4) return { kind: 'end' }
  if (kind === 0xf5) return { kind: 'error', text: 'overcurrent' }
  if (kind === 0xf6) return { kind: 'error', text: 'target power-down' }
  return null
}
