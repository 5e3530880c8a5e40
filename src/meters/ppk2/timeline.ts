import { median } from '../../core/stats.ts'
import type { SampleGap } from '../../trace/samples.ts'

/** Samples that arrived in one piece; `gapBefore` is the number missing before it, modulo 64. */
export interface Piece<T> {
  readonly count: number
  readonly gapBefore: number
  readonly payload: T
}

/** A piece with its place on the meter's grid. */
export interface PlacedPiece<T> {
  readonly kind: 'piece'
  readonly firstIndex: number
  readonly payload: T
}

/** Puts pieces on the meter's grid. */
export interface Timeline<T> {
  /**
   * @param pieces what one chunk held, in order
   * @param waiting samples that arrived in the chunk but are not in the pieces yet
   * @param arrivalS host clock when the last byte of the chunk arrived
   */
  push(pieces: readonly Piece<T>[], waiting: number, arrivalS: number): (PlacedPiece<T> | SampleGap)[]
  /** Ends the stream: places what is held back by the evidence so far. */
  flush(): (PlacedPiece<T> | SampleGap)[]
}

interface HeldChunk<T> {
  readonly pieces: readonly Piece<T>[]
  readonly arrivalS: number
  /** Arrival minus the time of the last sample, as if no whole rounds of the counter were lost since the last placed chunk. */
  lagS: number
}

/** Rounds the 6-bit counter: a loss of a multiple of 64 does not show in it. */
const round = 64
/** How long lateness must last before it is a loss, and how much longer if it is not near a whole number of rounds. */
const holdS = 0.5
const longestHoldS = 1.5
/** A chunk is only judged when so much time lies after it; at the end of a stream less has to do. */
const evidenceS = 0.25
const lastEvidenceS = 0.05
/** A rise of the lateness belongs to a jump of the counter that follows within this time. */
const jumpS = 0.1
/** The usual least lag is the median over the least lags of the last spans; 50 ppm of clock difference move it by 50 µs. */
const spanS = 0.25
const spanCount = 8

/**
 * Resolves losses that the counter shows only modulo 64, by the host's clock. A chunk can come late but
 * never early, so the least lag within a quarter of a second is steady (to 0.1 ms, on a busy machine
 * 0.3 ms) although single chunks vary by many milliseconds. While chunks are later than that edge by half
 * a round (0.32 ms) or more they are held back: one chunk on time proves that nothing was lost; lateness
 * of every chunk for half a second means that a whole number of rounds was, and the places where the
 * level rises tell where.
 */
export function createTimeline<T>(rateHz: number): Timeline<T> {
  const roundS = round / rateHz
  let placed = 0
  let provisional = 0
  const held: HeldChunk<T>[] = []
  let originS = 0
  let started = false
  const leastLags: number[] = []
  let spanStartS = 0
  let spanLeastS = Number.POSITIVE_INFINITY
  let edgeS = Number.POSITIVE_INFINITY

  const remember = (arrivalS: number, lagS: number) => {
    if (arrivalS - spanStartS > spanS && Number.isFinite(spanLeastS)) {
      leastLags.push(spanLeastS)
      if (leastLags.length > spanCount) leastLags.shift()
      spanLeastS = Number.POSITIVE_INFINITY
      spanStartS = arrivalS
    }
    spanLeastS = Math.min(spanLeastS, lagS)
    edgeS = leastLags.length > 0 ? median(leastLags) : spanLeastS
  }

  /** Places the first `count` held chunks; `rounds[i]` whole rounds were lost up to and including chunk i. */
  const place = (count: number, rounds?: readonly number[]): (PlacedPiece<T> | SampleGap)[] => {
    const events: (PlacedPiece<T> | SampleGap)[] = []
    let roundsPlaced = 0
    for (const [at, chunk] of held.splice(0, count).entries()) {
      const jump = chunk.pieces.findIndex((piece) => piece.gapBefore > 0)
      const extra = ((rounds?.[at] ?? 0) - roundsPlaced) * round
      for (const [index, piece] of chunk.pieces.entries()) {
        const missing = piece.gapBefore + (index === Math.max(jump, 0) ? extra : 0)
        if (missing > 0) events.push({ kind: 'gap', firstIndex: placed, count: missing })
        placed += missing
        events.push({ kind: 'piece', firstIndex: placed, payload: piece.payload })
        placed += piece.count
      }
      if (chunk.pieces.length > 0) roundsPlaced = rounds?.[at] ?? 0
      remember(chunk.arrivalS, chunk.lagS - roundsPlaced * roundS)
    }
    provisional += roundsPlaced * round
    for (const chunk of held) chunk.lagS -= roundsPlaced * roundS
    return events
  }

  const hasJump = (chunk: HeldChunk<T>) => chunk.pieces.some((piece) => piece.gapBefore > 0)

  /**
   * Whole rounds lost up to each held chunk: the least lag from it on, above the edge. A rise without a
   * jump of the counter is moved on to a jump that follows soon (one loss is likelier than two, of which
   * one is by chance a whole round), or by a chunk while its level is not reached yet.
   */
  const judge = (): number[] => {
    const rounds: number[] = []
    let least = Number.POSITIVE_INFINITY
    for (let at = held.length - 1; at >= 0; at--) {
      least = Math.min(least, held[at]!.lagS)
      rounds[at] = Math.max(Math.round((least - edgeS) / roundS), 0)
    }
    const nextJump = (at: number) => held.findIndex((chunk, other) => other > at && hasJump(chunk))
    for (let at = 0; at + 1 < held.length; at++) {
      const chunk = held[at]!
      const before = rounds[at - 1] ?? 0
      if (hasJump(chunk) || rounds[at]! === before) continue
      const isPartial = rounds[at + 1]! > rounds[at]! || (chunk.lagS - edgeS) / roundS < rounds[at]! - 0.2
      const jump = held[nextJump(at)]
      if (isPartial || (jump && jump.arrivalS - chunk.arrivalS < jumpS)) rounds[at] = before
    }
    return rounds
  }

  /** Whether the later half of the held chunks lies a whole number of rounds above the edge. */
  const isWhole = () => {
    const later = held.slice(held.length >> 1)
    const above = (Math.min(...later.map((chunk) => chunk.lagS)) - edgeS) / roundS
    return Math.abs(above - Math.round(above)) <= 0.25
  }

  /** Places what lies far enough back to be judged, and with it what is on time by that judgement. */
  const resolve = (evidence: number): (PlacedPiece<T> | SampleGap)[] => {
    const untilS = held.at(-1)!.arrivalS - evidence
    const count = held.findLastIndex((chunk) => chunk.arrivalS <= untilS) + 1
    const events = place(count, judge())
    const onTime = held.findLastIndex((chunk) => chunk.lagS <= edgeS + roundS / 2)
    return [...events, ...place(onTime + 1)]
  }

  return {
    push: (pieces, waiting, arrivalS) => {
      if (!started) {
        started = true
        originS = arrivalS
        spanStartS = arrivalS
      }
      for (const piece of pieces) provisional += piece.gapBefore + piece.count
      const lagS = arrivalS - originS - (provisional + waiting) / rateHz
      held.push({ pieces, arrivalS, lagS })
      if (!(lagS > edgeS + roundS / 2)) return place(held.length)
      const heldS = arrivalS - held[0]!.arrivalS
      return heldS < holdS || (heldS < longestHoldS && !isWhole()) ? [] : resolve(evidenceS)
    },
    // The last chunks of a stream are often late by chance: few of them prove nothing.
    flush: () =>
      held.length > 0 && isWhole() ? [...resolve(lastEvidenceS), ...place(held.length)] : place(held.length),
  }
}
