import type { SampleEvent } from './samples.ts'
import type { Trace, TraceSidecar } from './trace-file.ts'

/**
 * The samples and gaps of a recorded trace in their order, as the meter's stream gave them. `arrivalS` is
 * taken from the trace's clock anchors by straight lines (0 at index 0 when there are none).
 * @param blockSamples most samples of one block
 */
export function* traceEvents(trace: Trace, blockSamples = 10_000): Generator<SampleEvent> {
  const gaps = [...trace.sidecar.gaps].sort((a, b) => a.index - b.index)
  let index = trace.sidecar.firstIndex
  let done = 0
  let next = 0
  while (done < trace.sampleCount) {
    const gap = gaps[next]
    if (gap && gap.index <= index) {
      next++
      if (gap.count > 0) yield { kind: 'gap', firstIndex: index, count: gap.count }
      index += gap.count
      continue
    }
    const untilGap = gap ? gap.index - index : Number.POSITIVE_INFINITY
    const length = Math.min(blockSamples, trace.sampleCount - done, untilGap)
    yield block(trace, index, done, length)
    index += length
    done += length
  }
  for (const gap of trace.missingCount === 0 ? gaps.slice(next) : []) {
    if (gap.index > index || gap.count === 0) break
    yield { kind: 'gap', firstIndex: index, count: gap.count }
    index += gap.count
  }
}

function block(trace: Trace, firstIndex: number, from: number, length: number): SampleEvent {
  const word = trace.decoder.wordBytes
  const raw = trace.raw.subarray(from * word, (from + length) * word)
  const arrivalS = hostTimeOf(trace.sidecar, firstIndex + length)
  return { kind: 'samples', firstIndex, ...trace.decoder.decode(raw, trace.sidecar), raw, arrivalS }
}

function hostTimeOf(sidecar: TraceSidecar, index: number): number {
  const anchor = sidecar.clockAnchors.findLast((each) => each.index <= index) ?? sidecar.clockAnchors[0]
  return (anchor?.hostS ?? 0) + (index - (anchor?.index ?? 0)) / sidecar.sampleRateHz
}
