import { MilliwattError } from '../../../core/errors.ts'
import type { FileReader } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import { firstOfPairs } from '../edge-pairs.ts'
import type { OpenedTrace, ReadOptions, StatedWindow, TraceFacts, TraceFormat, TraceSource } from '../format.ts'
import { bareFacts } from '../kept-facts.ts'
import { neededSupply } from '../supply.ts'
import { type LpmScan, scanLog, tokensOf } from './scan.ts'

/** Most samples of one block where no time stamp ends it. */
const blockSamples = 65_536

/** Whether a log begins within a binary stream: with a frame. */
const isBinaryHead = (head: Uint8Array) => head[0] === 0xf0 && head[1]! >= 0xf1 && head[1]! <= 0xf9

/** Windows between edges of the event line, in pairs from the last edge back, as the runner of MLPerf Tiny takes them. */
function windowsOf({ events }: LpmScan): readonly StatedWindow[] {
  return firstOfPairs(events.length).map((first) => {
    return {
      label: `event ${first}`,
      startIndex: events[first]!,
      endIndex: events[first + 1]!,
      method: "the meter's event line",
      inferences: null,
    }
  })
}

function incompleteness({ errors, unreadBytes }: LpmScan): string | null {
  if (errors.length > 0) return `the meter reported: ${errors.join(', ')}`
  return unreadBytes > 0 ? `the log ends within a value (${unreadBytes} bytes)` : null
}

async function open({ files, path, head }: TraceSource, options: ReadOptions): Promise<OpenedTrace> {
  const reader = await files.open(path)
  try {
    const isBinary = isBinaryHead(head)
    const scan = await scanLog(reader, isBinary)
    const rate = options.sampleRateHz ?? scan.sampleRateHz
    if (rate === null)
      throw new MilliwattError('TRACE_INVALID', path, 'The log does not tell its rate: state --rate-hz.')
    const output = scan.output ?? 'current'
    // Of energies the supply is only a fact; current needs it.
    const supplyV =
      output === 'energy' ? (options.supplyV ?? scan.supplyV) : neededSupply(path, options.supplyV, scan.supplyV)
    const perValue = output === 'energy' ? rate : supplyV!
    const facts: TraceFacts = {
      ...bareFacts(rate, supplyV, 'lpm01a'),
      windows: windowsOf(scan),
      incomplete: incompleteness(scan),
      notes: [
        `losses of up to ${unseenLoss(rate)} samples between time stamps cannot be seen in a log`,
        ...(scan.output ? [] : ['the log does not say what its values are: current is assumed']),
      ],
    }
    return {
      path,
      format: 'lpm01a',
      facts,
      events: () => events(reader, isBinary, rate, perValue),
      [Symbol.asyncDispose]: () => reader.close(),
    }
  } catch (error) {
    await reader.close()
    throw error
  }
}

/** Time stamps have steps of 1 ms, and a block of samples may lie on either side of one. */
const unseenLoss = (rate: number) => Math.max(2, Math.ceil(0.002 * rate))

async function* events(
  reader: FileReader,
  isBinary: boolean,
  rate: number,
  perValue: number,
): AsyncGenerator<SampleEvent> {
  let held: number[] = []
  let index = 0
  let lastMs: number | null = null
  /** Values since the last time stamp. */
  let since = 0
  const block = (): SampleEvent => {
    const powerW = Float32Array.from(held)
    const firstIndex = index
    index += held.length
    held = []
    return {
      kind: 'samples',
      firstIndex,
      powerW,
      digital: new Uint8Array(powerW.length),
      raw: new Uint8Array(0),
      arrivalS: index / rate,
    }
  }
  for await (const tokens of tokensOf(reader, isBinary)) {
    for (const token of tokens) {
      if (token.kind === 'value') {
        held.push(token.value * perValue)
        since++
        if (held.length >= blockSamples) yield block()
      }
      if (token.kind !== 'time') continue
      if (held.length > 0) yield block()
      const missing = lastMs === null ? 0 : Math.round(((token.ms - lastMs) * rate) / 1000) - since
      if (missing > unseenLoss(rate)) {
        yield { kind: 'gap', firstIndex: index, count: missing }
        index += missing
      }
      lastMs = token.ms
      since = 0
    }
  }
  if (held.length > 0) yield block()
}

/** What an X-NUCLEO-LPM01A sent, kept as it came: ascii_dec lines or bin_hexa, with or without the shell's lines. */
export const lpm01aLog: TraceFormat = {
  name: 'lpm01a',
  summary: 'a log of an X-NUCLEO-LPM01A, ascii_dec or bin_hexa as it came over the port',
  endings: [],
  detects: async ({ head, kind }) => {
    if (kind === 'folder') return false
    if (isBinaryHead(head)) return true
    const text = new TextDecoder('latin1').decode(head)
    return /^PowerShield *>|^TimeStamp:[\s<>]*\d+s|^\0?\d{4}[+-]\d\d\r?$/m.test(text)
  },
  open,
}
