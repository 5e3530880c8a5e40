import type { SampleEvent } from './samples.ts'

/** The part of an event between two indexes of the grid, if there is any; the end may be infinite. */
export function* sliceEvent(event: SampleEvent, startIndex: number, endIndex: number): Generator<SampleEvent> {
  const length = event.kind === 'gap' ? event.count : event.powerW.length
  const from = Math.max(0, startIndex - event.firstIndex)
  const to = Math.min(length, endIndex - event.firstIndex)
  if (from >= to) return
  const firstIndex = event.firstIndex + from
  if (event.kind === 'gap') yield { ...event, firstIndex, count: to - from }
  else
    yield { ...event, firstIndex, powerW: event.powerW.subarray(from, to), digital: event.digital.subarray(from, to) }
}
