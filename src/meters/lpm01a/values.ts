/** A reading as it is on the wire: mantissa × base^exponent, with base 10 (text) or 16 (binary). */
export interface WireValue {
  readonly mantissa: number
  readonly exponent: number
}

/** How the stream writes numbers. */
export type WireFormat = 'text' | 'binary'

const powers: Readonly<Record<WireFormat, Float64Array>> = {
  text: Float64Array.from({ length: 256 }, (_, at) => 10 ** (at - 128)),
  binary: Float64Array.from({ length: 256 }, (_, at) => 16 ** (at - 128)),
}

/** The number that a wire value stands for, in amperes or joules. */
export function toNumber(format: WireFormat, mantissa: number, exponent: number): number {
  return mantissa * powers[format][exponent + 128]!
}

/** Reads `DDDD±EE` (6409-07 is 640.9 µ); null for anything else. */
export function readText(line: string): WireValue | null {
  if (!/^\d{4}[+-]\d\d$/.test(line)) return null
  return { mantissa: Number(line.slice(0, 4)), exponent: Number(line.slice(4)) }
}

/** Writes a value of zero or more as `DDDD±EE`. */
export function writeText(value: number): string {
  if (!(value > 0)) return '0000+00'
  let exponent = Math.floor(Math.log10(value)) - 3
  let mantissa = Math.round(value / 10 ** exponent)
  if (mantissa > 9999) {
    exponent++
    mantissa = Math.round(value / 10 ** exponent)
  }
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${String(mantissa).padStart(4, '0')}${exponent < 0 ? '-' : '+'}${size}`
}

/** Reads a binary word: the top four bits are p (0 to 14), the rest v; the value is v·16^−p. Null for p = 15 (metadata). */
export function readWord(word: number): WireValue | null {
  const power = word >> 12
  return power === 15 ? null : { mantissa: word & 0xfff, exponent: power === 0 ? 0 : -power }
}

/** Writes a value of 0 to 4095 as a binary word, as finely as it goes. */
export function writeWord(value: number): number {
  for (let power = 14; power >= 0; power--) {
    const mantissa = Math.round(value * 16 ** power)
    if (mantissa <= 0xfff) return (power << 12) | mantissa
  }
  return 0x0fff
}
