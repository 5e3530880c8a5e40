/** Columns that a row can have; a digit after `mV`, `uA` and `uW` numbers the channel. */
const columnPattern = /^(seq|us|d|uJ|uC|(mV|uA|uW)[1-9]?)$/

/** What a header line tells. */
export interface LineHeader {
  /** Rows per second of the sender's clock. */
  readonly rateHz: number
  readonly columns: readonly string[]
  /** Every `key=value` of the line. */
  readonly fields: Readonly<Record<string, string>>
}

/** One row: its values by column. */
export type LineRow = Readonly<Record<string, number>>

/** A change of a digital channel at a row. */
export interface LineEdge {
  readonly seq: number
  readonly us: number
  readonly channel: number
  readonly high: boolean
}

/** A line that was read; `bad` is one that the checksum, or the header, does not allow. */
export type Line =
  | { readonly kind: 'header'; readonly header: LineHeader }
  | { readonly kind: 'row'; readonly row: LineRow }
  | { readonly kind: 'edge'; readonly edge: LineEdge }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'comment' }
  | { readonly kind: 'bad'; readonly reason: string }

/** The exclusive or of all characters, as two capital hex digits. */
export function checksumOf(body: string): string {
  let sum = 0
  for (let at = 0; at < body.length; at++) sum ^= body.charCodeAt(at) & 255
  return sum.toString(16).toUpperCase().padStart(2, '0')
}

/** A body with its checksum: `1,1000,3300,8000,0*2A`. */
export function writeLine(body: string): string {
  return `${body}*${checksumOf(body)}`
}

const bad = (reason: string): Line => ({ kind: 'bad', reason })

function readHeader(body: string): Line {
  const fields = Object.fromEntries(
    body
      .split(/\s+/)
      .slice(1)
      .map((word) => [word.split('=')[0]!, word.slice(word.indexOf('=') + 1)]),
  )
  const columns = (fields.cols ?? '').split(',')
  const rateHz = Number(fields.rate)
  if (!(rateHz > 0 && rateHz <= 1e6)) return bad('the header has no rate')
  if (!columns.every((name) => columnPattern.test(name))) return bad(`a column of "${fields.cols}" is not known`)
  if (new Set(columns).size < columns.length || !columns.includes('seq')) return bad('the header has no column "seq"')
  const tells = columns.some((name) => /^(uW|uJ|uA|uC)/.test(name))
  return tells ? { kind: 'header', header: { rateHz, columns, fields } } : bad('no column tells power or current')
}

function readEdge(body: string): Line {
  const match = /^!edge (\d{1,10}) (\d{1,10}) ([0-7]) ([01])$/.exec(body)
  if (!match) return bad('an edge is "!edge seq us ch lvl"')
  const [seq, us, channel, level] = match.slice(1).map(Number) as [number, number, number, number]
  return { kind: 'edge', edge: { seq, us, channel, high: level === 1 } }
}

function readRow(body: string, columns: readonly string[]): Line {
  const parts = body.split(',')
  if (parts.length !== columns.length) return bad('another number of columns than the header')
  const row: Record<string, number> = {}
  for (const [index, name] of columns.entries()) {
    const text = parts[index]!
    const isCount = name === 'seq' || name === 'us' || name === 'd'
    if (!(isCount ? /^\d{1,10}$/ : /^-?\d{1,15}(\.\d{1,9})?$/).test(text))
      return bad(`"${text}" is no value of ${name}`)
    row[name] = Number(text)
  }
  return { kind: 'row', row }
}

/**
 * Reads one line (without its line end). Rows, edges and headers carry a checksum after `*`; a header may leave it out.
 * @param header the last one that was read; without it rows cannot be understood
 */
export function readLine(line: string, header: LineHeader | null): Line {
  const star = line.lastIndexOf('*')
  const body = star < 0 ? line : line.slice(0, star)
  const hasChecksum = star >= 0
  if (hasChecksum && line.slice(star + 1) !== checksumOf(body)) return bad('the checksum is wrong')
  if (body.startsWith('#mw1 ')) return readHeader(body)
  if (body.startsWith('#')) return { kind: 'comment' }
  if (!hasChecksum) return bad('it has no checksum')
  if (body.startsWith('!edge')) return readEdge(body)
  if (body.startsWith('!error')) return { kind: 'error', text: body.slice(7) || 'no reason given' }
  return header ? readRow(body, header.columns) : bad('no header came before it')
}
