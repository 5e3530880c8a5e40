import type { Host } from '../core/host.ts'
import { type EnergySession, estimateEnergy } from '../energy/estimate.ts'
import type { EnergyRecord } from '../energy/record.ts'
import { sessionFromTrace, type TraceEvidence } from '../energy/trace-session.ts'
import type { OpenedTrace, StatedWindow } from '../trace/formats/format.ts'
import type { SampleEvent } from '../trace/samples.ts'
import { hashOfFile, recordOf } from './energy-record.ts'
import { type ReplayMeterOptions, replayMeter } from './replay-meter.ts'

/** What the user states of a recorded trace. */
export interface ReplayOptions extends ReplayMeterOptions {
  /** Inferences of a window, where the trace does not say. */
  readonly inferences?: number
  /** Digital channel whose high level draws the windows, instead of what the trace states. */
  readonly channel?: number
  /** Only the windows whose label begins like this, where the trace states several kinds. */
  readonly label?: string
  /** Shortest window in seconds where steps in the power are sought. */
  readonly leastS?: number
  readonly confidence?: number
  /** File of the model that ran; its name and hash stand in the record. */
  readonly model?: string
  /** What it ran on, in words. */
  readonly machine?: string
  readonly signal?: AbortSignal
  /** Called now and then with the samples read so far. */
  readonly onProgress?: (samples: number) => void
}

/** Kinds of windows that a message names. */
const mostKinds = 4

/** Kind of a window: its label without the number behind it. */
const kindOf = ({ label }: StatedWindow): string => label.replace(/\s*\d+$/, '')

/** The stated windows of the kind asked for, or the reason why they cannot be told. */
function chosenWindows(
  windows: readonly StatedWindow[],
  label: string | undefined,
): readonly StatedWindow[] | { readonly reason: string } {
  const counts = new Map<string, number>()
  for (const window of windows) counts.set(kindOf(window), (counts.get(kindOf(window)) ?? 0) + 1)
  const kinds = [...counts].sort(([, a], [, b]) => b - a).map(([kind]) => kind)
  const named = kinds.slice(0, mostKinds).map((kind) => `"${kind}"`)
  const listed = [...named, ...(kinds.length > mostKinds ? [`and ${kinds.length - mostKinds} more`] : [])].join(', ')
  if (label === undefined && kinds.length > 1)
    return { reason: `the trace states windows of several kinds (${listed}): choose one by its label` }
  const chosen = windows.filter((window) => label === undefined || window.label.startsWith(label))
  return windows.length > 0 && chosen.length === 0
    ? { reason: `no window's label begins with "${label}", there are: ${listed}` }
    : chosen
}

function evidenceOf(trace: OpenedTrace, options: ReplayOptions): TraceEvidence | { readonly reason: string } {
  const { channel, inferences, label, leastS } = options
  const { windows } = trace.facts
  const given = inferences === undefined ? {} : { inferences }
  if (channel !== undefined) return { ...given, channel }
  const stated = chosenWindows(windows, label)
  if ('reason' in stated) return stated
  // What a file states is what its recorder meant; other evidence only counts where it states nothing.
  if (stated.length > 0) return { ...given, stated, busy: windows.filter((window) => !stated.includes(window)) }
  return { ...given, channel: 'only', steps: leastS === undefined ? {} : { leastS } }
}

async function* watched(trace: OpenedTrace, { signal, onProgress }: ReplayOptions): AsyncGenerator<SampleEvent> {
  let samples = 0
  for await (const event of trace.events()) {
    signal?.throwIfAborted()
    if (event.kind === 'samples') samples += event.powerW.length
    onProgress?.(samples)
    yield event
  }
}

async function subjectOf(
  host: Host,
  trace: OpenedTrace,
  { model, machine }: ReplayOptions,
): Promise<EnergyRecord['subject']> {
  const recorded = { variant: '', engine: 'engine not stated', machine: machine ?? 'machine not stated' }
  if (model === undefined) {
    const name = `what ran in ${host.files.basename(trace.path)}`
    return { ...recorded, model: name, file: null, sha256: null }
  }
  const { file, sha256 } = await hashOfFile(host, host.files.resolve(model))
  return { ...recorded, model: file.replace(/\.[^.]+$/, ''), file, sha256 }
}

/**
 * The energy record of a recorded trace, in memory that does not depend on its length. Its figures are `replayed`, or
 * `emulated` where an emulated meter made them. Where no windows are found the record is `invalid` and says why.
 * @throws MilliwattError TRACE_INVALID where the trace is damaged, TARGET_INVALID where `instrument` names no meter
 */
export async function replayEnergy(
  host: Host,
  version: string,
  trace: OpenedTrace,
  options: ReplayOptions = {},
): Promise<EnergyRecord> {
  const { facts } = trace
  const { meter, instrument, supplyKnown } = await replayMeter(host, facts, trace.format, options)
  const { sampleRateHz } = facts
  const known = { instrument, supplyKnown, ...(options.confidence ? { confidence: options.confidence } : {}) }
  const evidence = evidenceOf(trace, options)
  const found =
    'reason' in evidence
      ? evidence
      : await sessionFromTrace({ sampleRateHz, events: () => watched(trace, options) }, evidence, {
          ...known,
          stream: facts.stream ?? null,
          incomplete: () => facts.incomplete ?? trace.damage ?? null,
        })
  const nothing: EnergySession = { windows: [], idleBefore: null, idleAfter: null, sampleRateHz, ...known }
  const session = 'reason' in found ? nothing : found
  const estimate = estimateEnergy(session)
  return recordOf({
    milliwatt: version,
    createdAt: host.clock.wallTime(),
    provenance: facts.provenance,
    subject: await subjectOf(host, trace, options),
    meter,
    session,
    estimate: 'reason' in found ? { ...estimate, reasons: [found.reason] } : estimate,
    latencyS: null,
    environment: { platform: 'not stated', architecture: 'not stated', runtime: 'not stated', temperatureC: null },
    trace: await hashOfFile(host, trace.path),
  })
}
