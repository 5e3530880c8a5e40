import type { SampleBlock, SampleEvent } from '../../trace/samples.ts'
import type { StreamDecoder } from '../link-stream.ts'
import { decodeWords } from './decode.ts'
import { createFramer, type WordRun } from './framing.ts'
import { createTimeline, type Piece, type PlacedPiece } from './timeline.ts'

/** Samples per second of every PPK2. */
export const sampleRateHz = 100_000

/** Longest block that is yielded, in samples. */
const longestBlock = 16_384

/** Turns the bytes of one stream into events; pure, no clock of its own. */
export type Ppk2Stream = StreamDecoder

type Payload = Omit<SampleBlock, 'firstIndex' | 'kind'>

function split(run: WordRun): WordRun[] {
  const parts: WordRun[] = []
  for (let at = 0; at < run.words.length; at += longestBlock) {
    const words = run.words.subarray(at, at + longestBlock)
    parts.push({ words, gapBefore: at === 0 ? run.gapBefore : 0, damaged: run.damaged })
  }
  return parts
}

/**
 * Starts the decoding of one stream.
 * @param powerCoefficients from `toCoefficients` with the supply voltage as scale
 */
export function createPpk2Stream(powerCoefficients: Float64Array): Ppk2Stream {
  const framer = createFramer()
  const timeline = createTimeline<Payload>(sampleRateHz)
  const tally = { saturated: 0, invalid: 0 }
  let received = 0
  let lost = 0
  let lastDigital = 0

  const decode = (run: WordRun, arrivalS: number): Piece<Payload> => {
    const raw = new Uint8Array(run.words.buffer, run.words.byteOffset, run.words.byteLength)
    const count = run.words.length
    if (run.damaged) {
      tally.invalid += count
      const powerW = new Float32Array(count).fill(Number.NaN)
      const digital = new Uint8Array(count).fill(lastDigital)
      return { count, gapBefore: run.gapBefore, payload: { powerW, digital, raw, arrivalS } }
    }
    const { value, digital } = decodeWords(run.words, powerCoefficients, tally)
    lastDigital = digital[count - 1]!
    return { count, gapBefore: run.gapBefore, payload: { powerW: value, digital, raw, arrivalS } }
  }

  const toEvent = (placed: PlacedPiece<Payload>): SampleBlock => {
    const { powerW, digital, raw, arrivalS } = placed.payload
    received += powerW.length
    return { kind: 'samples', firstIndex: placed.firstIndex, powerW, digital, raw, arrivalS }
  }

  const toEvents = (placed: ReturnType<typeof timeline.flush>): SampleEvent[] =>
    placed.map((event) => {
      if (event.kind === 'piece') return toEvent(event)
      lost += event.count
      return event
    })

  let lastArrivalS = 0
  return {
    push: (chunk, arrivalS) => {
      lastArrivalS = arrivalS
      const pieces = framer
        .push(chunk)
        .flatMap(split)
        .map((run) => decode(run, arrivalS))
      return toEvents(timeline.push(pieces, framer.waitingWords, arrivalS))
    },
    flush: () => {
      const pieces = framer
        .flush()
        .flatMap(split)
        .map((run) => decode(run, lastArrivalS))
      const placed = timeline.push(pieces, 0, lastArrivalS)
      return toEvents([...placed, ...timeline.flush()])
    },
    get counts() {
      return {
        received,
        lost,
        saturated: tally.saturated,
        invalid: tally.invalid,
        discardedBytes: framer.discardedBytes,
      }
    },
  }
}
