import type { SampleBlock, SampleEvent, SampleGap } from '../../src/trace/samples.ts'

/** A stream's events in one: samples joined, gaps in order. */
export interface Collected {
  readonly events: SampleEvent[]
  readonly blocks: SampleBlock[]
  readonly gaps: SampleGap[]
  readonly powerW: Float32Array
  readonly digital: Uint8Array
  readonly raw: Uint8Array
  /** Index after the last event. */
  readonly end: number
}

function joinFloats(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Joins events; throws when they do not follow each other on the grid without hole or overlap. */
export function joinEvents(events: SampleEvent[]): Collected {
  let end = 0
  for (const event of events) {
    if (event.firstIndex !== end) throw new Error(`event begins at ${event.firstIndex}, the last ended at ${end}`)
    end += event.kind === 'gap' ? event.count : event.powerW.length
  }
  const blocks = events.filter((event) => event.kind === 'samples')
  return {
    events,
    blocks,
    gaps: events.filter((event) => event.kind === 'gap'),
    powerW: joinFloats(blocks.map((block) => block.powerW)),
    digital: new Uint8Array(Buffer.concat(blocks.map((block) => block.digital))),
    raw: new Uint8Array(Buffer.concat(blocks.map((block) => block.raw))),
    end,
  }
}

/** Reads a stream to its end, into `events` as they come. */
export async function collect(stream: AsyncIterable<SampleEvent>, events: SampleEvent[] = []): Promise<Collected> {
  for await (const event of stream) events.push(event)
  return joinEvents(events)
}
