import { filePieces } from '../../../core/file-pieces.ts'
import type { FileReader } from '../../../core/host.ts'
import { type LpmToken, LpmTokenizer, shellNumber } from './tokens.ts'

/** Rates that the meter has. */
const rates = [100_000, 50_000, 20_000, 10_000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1]

/** Errors that are told. */
const mostErrors = 3

/** What a first walk over a log finds. */
export interface LpmScan {
  /** By the acknowledged setting, else by the time stamps; null where neither is there. */
  readonly sampleRateHz: number | null
  readonly supplyV: number | null
  /** What the values are; null where the log does not say. */
  readonly output: 'current' | 'energy' | null
  readonly values: number
  /** Values before each edge of the event line. */
  readonly events: readonly number[]
  /** Different errors, the first of them. */
  readonly errors: readonly string[]
  /** Whether the stream came to its end. */
  readonly hasEnd: boolean
  readonly unreadBytes: number
}

/** The tokens of a whole log, chunk by chunk. */
export async function* tokensOf(reader: FileReader, isBinary: boolean): AsyncGenerator<readonly LpmToken[], number> {
  const tokenizer = new LpmTokenizer(isBinary)
  for await (const piece of filePieces(reader)) yield tokenizer.push(piece)
  return tokenizer.unread
}

/** Reads a log once for what must be known before its samples. */
export async function scanLog(reader: FileReader, isBinary: boolean): Promise<LpmScan> {
  const settings = new Map<string, string>()
  const events: number[] = []
  const errors = new Set<string>()
  const times: { readonly ms: number; readonly values: number }[] = []
  let values = 0
  let hasEnd = false
  const tokens = tokensOf(reader, isBinary)
  let step = await tokens.next()
  for (; !step.done; step = await tokens.next()) {
    for (const token of step.value) {
      if (token.kind === 'value') values++
      else if (token.kind === 'setting') settings.set(token.name, token.value)
      else if (token.kind === 'event') events.push(values)
      else if (token.kind === 'error') {
        if (errors.size < mostErrors) errors.add(token.text)
      } else if (token.kind === 'end') hasEnd = true
      else if (times.length < 1000) times.push({ ms: token.ms, values })
    }
  }
  const volts = shellNumber(settings.get('volt') ?? '')
  const output = settings.get('output')
  return {
    sampleRateHz: rateOf(settings.get('freq'), times),
    supplyV: volts > 0 ? volts : null,
    output: output === 'energy' || output === 'current' ? output : null,
    values,
    events,
    errors: [...errors],
    hasEnd,
    unreadBytes: step.value,
  }
}

function rateOf(
  setting: string | undefined,
  times: readonly { readonly ms: number; readonly values: number }[],
): number | null {
  const set = shellNumber(setting ?? '')
  if (set > 0) return set
  const [first, last] = [times[0], times.at(-1)]
  if (!first || !last || !(last.ms > first.ms)) return null
  const seen = (1000 * (last.values - first.values)) / (last.ms - first.ms)
  const nearest = rates.reduce((best, rate) => (Math.abs(rate - seen) < Math.abs(best - seen) ? rate : best))
  // Lost samples make it look slower, but not by half.
  return seen > 0.6 * nearest ? nearest : null
}
