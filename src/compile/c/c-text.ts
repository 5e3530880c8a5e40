/** A float32 or float64 as C writes it, exactly: hexadecimal where decimals would not do. */
export function cFloat(value: number, suffix: 'f' | '' = 'f'): string {
  if (Number.isNaN(value)) return `(0.0${suffix} / 0.0${suffix})`
  if (!Number.isFinite(value)) return `${value < 0 ? '-' : ''}(1.0${suffix} / 0.0${suffix})`
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 24) return `${Object.is(value, -0) ? '-0' : value}.0${suffix}`
  const exponent = Math.floor(Math.log2(Math.abs(value)))
  // The mantissa as 53 bits of integer keeps every bit, also of numbers below the normal ones.
  const scale = Math.max(exponent, -1022) - 52
  let mantissa = BigInt(Math.abs(value) * 2 ** Math.min(-scale, 1000) * 2 ** Math.max(-scale - 1000, 0))
  let power = scale
  while (mantissa % 2n === 0n) {
    mantissa /= 2n
    power++
  }
  return `${value < 0 ? '-' : ''}0x${mantissa.toString(16)}p${power}${suffix}`
}

/** An int32 as C writes it. */
export function cInteger(value: number): string {
  return value === -(2 ** 31) ? 'INT32_MIN' : String(value)
}

const lineLength = 116

/** Items in lines of a table, comma behind each. */
export function cLines(items: readonly string[]): string {
  const lines: string[] = []
  let line = ' '
  for (const item of items) {
    if (line.length + item.length + 2 > lineLength) {
      lines.push(line)
      line = ' '
    }
    line += ` ${item},`
  }
  return [...lines, line].join('\n')
}

/** A name or text as it may stand inside a comment of C. */
export function cComment(text: string): string {
  return text
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *')
    .replace(/[^\x20-\x7e]/g, '?')
}

/** A name that C takes as an identifier. */
export function cIdentifier(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_]/g, '_')
  return /^[A-Za-z_]/.test(name) ? name : `model_${name}`
}
