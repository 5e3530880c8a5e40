import { type Command, InvalidArgumentError } from 'commander'
import type { Host } from '../core/host.ts'
import { rawDecoders } from '../meters/raw-decoders.ts'
import type { OpenedTrace } from '../trace/formats/format.ts'
import { openTrace } from '../trace/formats/list.ts'
import { toNumber, toPositive } from './options.ts'

/** What the user can state where a trace does not tell it. */
export interface TraceReadOptions {
  readonly supplyV?: number
  readonly rateHz?: number
  readonly format?: string
}

/** Gives a command the options for reading a trace. */
export function addReadOptions(command: Command): Command {
  return command
    .option('--supply-v <volts>', 'supply of a trace that holds current only', toPositive)
    .option('--rate-hz <hertz>', 'sample rate of a trace that does not tell it', toPositive)
    .option('--format <name>', 'format of a trace that its content does not tell')
}

/** Opens a trace as the options say. @throws MilliwattError TRACE_NOT_FOUND, TRACE_INVALID, TRACE_SUPPLY, USAGE */
export function openTraceWith(host: Host, path: string, options: TraceReadOptions): Promise<OpenedTrace> {
  const read = {
    decoders: rawDecoders,
    ...(options.supplyV === undefined ? {} : { supplyV: options.supplyV }),
    ...(options.rateHz === undefined ? {} : { sampleRateHz: options.rateHz }),
  }
  return openTrace(host.files, path, read, options.format)
}

/** Parses a digital channel, 0 to 7 or D0 to D7. @throws InvalidArgumentError */
export function toChannel(text: string): number {
  const channel = toNumber(text.replace(/^d/i, ''))
  if (Number.isInteger(channel) && channel >= 0 && channel <= 7) return channel
  throw new InvalidArgumentError('Channels are 0 to 7.')
}

/** Parses a whole number above zero. @throws InvalidArgumentError */
export function toCount(text: string): number {
  const count = toPositive(text)
  if (Number.isInteger(count)) return count
  throw new InvalidArgumentError('Not a whole number.')
}
