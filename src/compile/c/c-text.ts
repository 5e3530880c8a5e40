/** A float32 as C writes it; nine digits tell it from all others. */
export function cFloat(value: number): string {
  if (Number.isNaN(value)) return '(0.0f / 0.0f)'
  if (!Number.isFinite(value)) return `${value < 0 ? '-' : ''}(1.0f / 0.0f)`
  const digits = Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(9)))
  return `${digits}${/[.e]/.test(digits) ? '' : '.0'}f`
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
