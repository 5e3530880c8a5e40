import type { StreamReport, StreamStage, StreamTimeline } from './stream-report.ts'
import { dearestStage } from './stream-text.ts'

/** Bins in a row whose dearest stage is the same, as one. */
interface Span {
  readonly startS: number
  readonly endS: number
  readonly stage: StreamStage
  readonly energyJ: number | null
}

function spansOf({ bins, binS }: StreamTimeline): readonly Span[] {
  const spans: Span[] = []
  for (const bin of bins) {
    const stage = dearestStage(bin)
    const endS = bin.startS + binS
    const last = spans.at(-1)
    if (last?.stage !== stage) spans.push({ startS: bin.startS, endS, stage, energyJ: bin.energyJ })
    else {
      const energyJ = last.energyJ === null || bin.energyJ === null ? null : last.energyJ + bin.energyJ
      spans[spans.length - 1] = { ...last, endS, energyJ }
    }
  }
  return spans
}

/** A stream as scripts read it: what ran from when to when in the place of the picture's bins. */
export function streamDocument({ timeline, clips, ...rest }: StreamReport): Readonly<Record<string, unknown>> {
  const { stepS, binS, events, changes } = timeline
  return { ...rest, stepS, resolutionS: binS, events, changes, ran: spansOf(timeline), clips }
}
