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
const holdS = 0.25
const longestHoldS = 1
/** A chunk is only judged when so much time lies after it; at the end of a stream less has to do. */
const evidenceS = 0.125
const lastEvidenceS = 0.05
/** Span over which the least lag is remembered; 50 ppm of clock difference move it by 50 µs. */
const memoryS = 1

/**
 * Resolves losses that the counter shows only modulo 64, by the host's clock. A chunk can come late but
 * never early, so the least lag of recent chunks is a sharp edge (tens of µs) although single chunks
 * vary by milliseconds. While chunks are later than that edge by half a round (320 µs) or more they are
 * held back: one chunk on time proves that nothing was lost; lateness of every chunk for 0.25 s proves
 * that a whole number of rounds was, and the places where the level rises tell where.
 */
export function createTimeline<T>(rateHz: number): Timeline<T> {
  const roundS = round / rateHz
  let placed = 0
  let provisional = 0
  const held: HeldChunk<T>[] = []
  let originS = 0
  let started = false
  let bucketStartS = 0
  let bucketLeastS = Number.POSITIVE_INFINITY
  let olderLeastS = Number.POSITIVE_INFINITY

  const remember = (arrivalS: number, lagS: number) => {
    if (arrivalS - bucketStartS > memoryS) {
      olderLeastS = bucketLeastS
      bucketLeastS = Number.POSITIVE_INFINITY
      bucketStartS = arrivalS
    }
    bucketLeastS = Math.min(bucketLeastS, lagS)
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
   * jump of the counter moves on by a chunk when the chunk's samples came before the loss: the level is
   * not reached yet, or it is merely late and a jump follows.
   */
  const judge = (edgeS: number): number[] => {
    const rounds: number[] = []
    let least = Number.POSITIVE_INFINITY
    for (let at = held.length - 1; at >= 0; at--) {
      least = Math.min(least, held[at]!.lagS)
      rounds[at] = Math.max(Math.round((least - edgeS) / roundS), 0)
    }
    let jumpsLeft = held.filter(hasJump).length
    for (let at = 0; at + 1 < held.length; at++) {
      const chunk = held[at]!
      if (hasJump(chunk)) {
        jumpsLeft--
        continue
      }
      const before = rounds[at - 1] ?? 0
      if (rounds[at]! === before) continue
      const level = (chunk.lagS - edgeS) / roundS
      const isPartial = rounds[at + 1]! > rounds[at]! || level < rounds[at]! - 0.2 || hasJump(held[at + 1]!)
      if (isPartial || (level > rounds[at]! + 0.5 && jumpsLeft > 0)) rounds[at] = before
    }
    return rounds
  }

  /** Whether the later half of the held chunks lies a whole number of rounds above the edge. */
  const isWhole = () => {
    const later = held.slice(held.length >> 1)
    const above = (Math.min(...later.map((chunk) => chunk.lagS)) - edge()) / roundS
    return Math.abs(above - Math.round(above)) <= 0.25
  }

  const edge = () => Math.min(bucketLeastS, olderLeastS)

  /** Places what lies far enough back to be judged, and with it what is on time by that judgement. */
  const resolve = (evidence: number): (PlacedPiece<T> | SampleGap)[] => {
    const untilS = held.at(-1)!.arrivalS - evidence
    const count = held.findLastIndex((chunk) => chunk.arrivalS <= untilS) + 1
    const events = place(count, judge(edge()))
    const onTime = held.findLastIndex((chunk) => chunk.lagS <= edge() + roundS / 2)
    return [...events, ...place(onTime + 1)]
  }

  return {
    push: (pieces, waiting, arrivalS) => {
      if (!started) {
        started = true
        originS = arrivalS
        bucketStartS = arrivalS
      }
      for (const piece of pieces) provisional += piece.gapBefore + piece.count
      const lagS = arrivalS - originS - (provisional + waiting) / rateHz
      held.push({ pieces, arrivalS, lagS })
      if (!(lagS > edge() + roundS / 2)) return place(held.length)
      const heldS = arrivalS - held[0]!.arrivalS
      return heldS < holdS || (heldS < longestHoldS && !isWhole()) ? [] : resolve(evidenceS)
    },
    // The last chunks of a stream are often late by chance: few of them prove nothing.
    flush: () =>
      held.length > 0 && isWhole() ? [...resolve(lastEvidenceS), ...place(held.length)] : place(held.length),
  }
}
