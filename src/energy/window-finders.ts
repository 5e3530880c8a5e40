import { type AlignmentMethod, alignmentMethods, alignmentNamed } from '../trace/alignment.ts'
import type { StatedWindow } from '../trace/formats/format.ts'
import type { DigitalEdge } from '../trace/power-buffer.ts'

/** Where a measuring window lies in the samples, how many inferences it held, and how sure its edges are. */
export interface PlacedWindow {
  /** Borders as fractional sample indexes. */
  readonly startIndex: number
  readonly endIndex: number
  readonly inferences: number
  readonly method: AlignmentMethod
  /** Half width of what the worse edge may be off, in seconds. */
  readonly edgeUncertaintyS: number
  /** `independent`: each edge has an error of its own; `common`: one cause shifts all edges of the session alike. */
  readonly edges: 'independent' | 'common'
  readonly words: string
}

/** Windows, or why there are none. */
export type FoundWindows =
  | { readonly windows: readonly PlacedWindow[] }
  | { readonly windows: null; readonly reason: string }

const none = (reason: string): FoundWindows => ({ windows: null, reason })

/**
 * One window for every time that a marker line was high. A rise without a fall at the end is left out.
 * @param edges changes of one channel, oldest first
 */
export function windowsFromLevels(
  edges: readonly DigitalEdge[],
  channel: number,
  sampleRateHz: number,
  inferences: number,
): FoundWindows {
  const windows = edges.flatMap((edge, at): readonly PlacedWindow[] => {
    const fall = edges[at + 1]
    if (!edge.rising || !fall || fall.rising) return []
    const lost = Math.max(edge.lostBefore, fall.lostBefore)
    return [
      {
        startIndex: edge.index,
        endIndex: fall.index,
        inferences,
        method: 'marker edges',
        edgeUncertaintyS: (0.5 + lost) / sampleRateHz,
        edges: 'independent',
        words: `edges of the marker wire on digital channel ${channel}, sampled with the current`,
      },
    ]
  })
  return windows.length > 0 ? { windows } : none(`digital channel ${channel} never went high and low again`)
}

/**
 * One window for every pair of pulses on a meter's event line, counted from the end: a pulse at boot is left over
 * (MLPerf Tiny). Each pulse is sure to ±1 sample.
 * @param eventIndexes (fractional) sample indexes of the pulses, oldest first
 */
export function windowsFromEvents(
  eventIndexes: readonly number[],
  sampleRateHz: number,
  inferences: number,
): FoundWindows {
  if (eventIndexes.length < 2) return none(`the event line saw ${eventIndexes.length} pulses, a window needs two`)
  if (eventIndexes.some((index, at) => at > 0 && index <= eventIndexes[at - 1]!))
    return none('the pulses of the event line are not in order')
  const first = eventIndexes.length % 2
  const windows = Array.from({ length: (eventIndexes.length - first) / 2 }, (_, pair): PlacedWindow => {
    return {
      startIndex: eventIndexes[first + 2 * pair]!,
      endIndex: eventIndexes[first + 2 * pair + 1]!,
      inferences,
      method: 'event line',
      edgeUncertaintyS: 1 / sampleRateHz,
      edges: 'independent',
      words: "pulses on the meter's event line, in the stream of its samples",
    }
  })
  return { windows }
}

/** A stretch by the device's own timer. */
export interface DeviceLap {
  readonly startS: number
  readonly endS: number
  readonly inferences: number
}

/** One moment in both clocks: the device's timer and the sample index. */
export interface ClockPoint {
  readonly deviceS: number
  readonly index: number
  /** Half width of what `index` may be off, in seconds. */
  readonly uncertaintyS: number
}

/** Two crystals differ by less than this; a fit beyond it has matched the wrong moments. */
const mostRatio = 500e-6

/**
 * Windows of a device's laps through the straight line between two moments known in both clocks. Between the points an
 * edge is as sure as the points; beyond them the uncertainty grows with the lever.
 */
export function windowsFromLaps(
  laps: readonly DeviceLap[],
  [a, b]: readonly [ClockPoint, ClockPoint],
  sampleRateHz: number,
): FoundWindows {
  if (laps.length === 0) return none('the device sent no laps')
  const spanS = b.deviceS - a.deviceS
  if (!(spanS > 0) || !(b.index > a.index)) return none('the two clock points are not in order')
  const ratio = (b.index - a.index) / (spanS * sampleRateHz)
  const allowed = mostRatio + (a.uncertaintyS + b.uncertaintyS) / spanS
  if (Math.abs(ratio - 1) > allowed)
    return none(`the clocks differ by ${((ratio - 1) * 1e6).toFixed(0)} ppm, more than two crystals can`)
  const indexAt = (deviceS: number) => a.index + (deviceS - a.deviceS) * ratio * sampleRateHz
  const unsureS = (deviceS: number) => {
    const share = (deviceS - a.deviceS) / spanS
    return Math.abs(1 - share) * a.uncertaintyS + Math.abs(share) * b.uncertaintyS
  }
  const windows = laps.map(({ startS, endS, inferences }): PlacedWindow => {
    return {
      startIndex: indexAt(startS),
      endIndex: indexAt(endS),
      inferences,
      method: 'device laps',
      edgeUncertaintyS: Math.max(unsureS(startS), unsureS(endS)),
      edges: 'common',
      words: `the device's own lap times, its clock fitted at two points (${((ratio - 1) * 1e6).toFixed(1)} ppm)`,
    }
  })
  return { windows }
}

/** Samples that an edge may be off where a file states windows by edges that were sampled with the power. */
const statedEdgeSamples: Partial<Readonly<Record<AlignmentMethod, number>>> = { 'marker edges': 0.5, 'event line': 1 }

/**
 * The windows that a trace file states itself, of one way.
 * @param inferences of each window that does not say so
 */
export function windowsFromStated(
  stated: readonly StatedWindow[],
  method: AlignmentMethod,
  sampleRateHz: number,
  inferences?: number,
): FoundWindows {
  const windows: PlacedWindow[] = []
  const edgeSamples = statedEdgeSamples[method]
  for (const window of stated.filter((each) => alignmentNamed(each.method) === method)) {
    if (!(window.endIndex > window.startIndex)) return none(`${window.label} has no length`)
    const each = window.inferences ?? inferences
    if (each === undefined) return none(unknownInferences)
    const edgeUncertaintyS = edgeSamples === undefined ? window.edgeUncertaintyS : edgeSamples / sampleRateHz
    if (edgeUncertaintyS === undefined) return none('the trace does not tell how sure its windows are')
    windows.push({
      startIndex: window.startIndex,
      endIndex: window.endIndex,
      inferences: each,
      method,
      edgeUncertaintyS,
      edges: edgeSamples === undefined ? 'common' : 'independent',
      words: `windows that the trace states, by ${window.method}`,
    })
  }
  return windows.length > 0 ? { windows } : none('the trace states no such windows')
}

/** Why windows cannot be costed by inference. */
export const unknownInferences = 'nothing says how many inferences a window held'

/** What a session offers to line windows up by; each is a way that may or may not lead to windows. */
export type WindowEvidence = Partial<Readonly<Record<AlignmentMethod, () => FoundWindows>>>

/**
 * Takes the most trusted way that gives windows.
 * @returns its windows with the reasons why the better ways gave none, or all reasons
 */
export function bestWindows(
  evidence: WindowEvidence,
):
  | { readonly windows: readonly PlacedWindow[]; readonly passedOver: readonly string[] }
  | { readonly windows: null; readonly reason: string } {
  const passedOver: string[] = []
  for (const method of alignmentMethods) {
    const found = evidence[method]?.()
    if (found?.windows) return { windows: found.windows, passedOver }
    if (found) passedOver.push(`${method}: ${found.reason}`)
  }
  return { windows: null, reason: passedOver.join('; ') || 'nothing to line windows up by' }
}
