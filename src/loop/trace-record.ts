import { isMilliwattError, MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Meter } from '../meters/meter.ts'
import { rawDecoders } from '../meters/raw-decoders.ts'
import { type Capture, openCapture } from '../trace/capture.ts'
import { TraceTotals } from '../trace/trace-totals.ts'

/** What to record. */
export interface RecordOptions {
  /** Path without ending: `<base>.raw` and `<base>.json` are written. */
  readonly base: string
  /** Seconds on the meter's grid; without it until `signal` aborts. */
  readonly durationS?: number
  /** Sets the meter's marker line high and low for so long in turn, where there is one. */
  readonly pulseS?: number
  readonly signal: AbortSignal
  /** Called after every block. */
  readonly onProgress?: (seconds: number) => void
}

/** What was recorded. */
export interface Recording {
  readonly paths: readonly string[]
  readonly samples: number
  readonly lost: number
  readonly invalid: number
  readonly durationS: number
  readonly meanPowerW: number | null
  /** Why it ended before its time: METER_LOST, TRACE_DISK_FULL, TRACE_WRITE, INTERRUPTED; null when it did not. */
  readonly problem: MilliwattError | null
}

/**
 * Records a meter's stream to a capture. What was recorded stays, whatever happens.
 * @throws MilliwattError USAGE for a marker line that the meter does not have
 */
export async function recordTrace(host: Host, meter: Meter, options: RecordOptions): Promise<Recording> {
  const { info } = meter
  if (options.pulseS !== undefined && !meter.marker) {
    throw new MilliwattError('USAGE', info.path, 'This meter has no marker line to this machine.')
  }
  const capture = await openCapture({
    files: host.files,
    clock: host.clock,
    base: options.base,
    meter: { ...info },
    rawFormat: Object.hasOwn(rawDecoders, info.rawFormat) ? info.rawFormat : null,
    sampleRateHz: info.sampleRateHz,
    supplyV: info.supplyV,
    provenance: info.provenance,
  })
  const totals = new TraceTotals()
  const stop = new AbortController()
  const onAbort = () => stop.abort()
  options.signal.addEventListener('abort', onAbort)
  const pulsing = pulse(host, meter, options.pulseS, stop.signal)
  const lost = await pump(meter, capture, totals, options, stop)
  stop.abort()
  await pulsing
  options.signal.removeEventListener('abort', onAbort)
  const durationS = (totals.endIndex - totals.firstIndex) / info.sampleRateHz
  const early = options.durationS !== undefined && durationS < options.durationS && options.signal.aborted
  const problem = lost ?? (early ? new MilliwattError('INTERRUPTED', options.base) : null)
  await capture.close(problem?.message ?? null)
  const valid = totals.received - totals.invalid
  return {
    paths: [capture.rawPath, capture.sidecarPath],
    samples: totals.received,
    lost: totals.lost,
    invalid: totals.invalid,
    durationS,
    meanPowerW: valid > 0 ? totals.sumW / valid : null,
    problem: capture.problem ?? problem,
  }
}

/** Streams into the capture until the time is over, the disk gives up or the meter goes away; the last is returned. */
async function pump(
  meter: Meter,
  capture: Capture,
  totals: TraceTotals,
  { durationS = Number.POSITIVE_INFINITY, onProgress, signal }: RecordOptions,
  stop: AbortController,
): Promise<MilliwattError | null> {
  if (signal.aborted || capture.problem) return null
  const wanted = durationS * meter.info.sampleRateHz
  try {
    for await (const event of meter.samples(stop.signal)) {
      // What still comes after the time is over is let go.
      if (totals.endIndex - totals.firstIndex >= wanted) continue
      capture.push(event)
      totals.push(event)
      onProgress?.((totals.endIndex - totals.firstIndex) / meter.info.sampleRateHz)
      if (capture.problem || totals.endIndex - totals.firstIndex >= wanted) stop.abort()
    }
    return null
  } catch (error) {
    return isMilliwattError(error) ? error : new MilliwattError('METER_LOST', meter.info.path, messageOf(error), error)
  }
}

async function pulse(host: Host, meter: Meter, pulseS: number | undefined, signal: AbortSignal): Promise<void> {
  if (pulseS === undefined) return
  for (let high = false; !signal.aborted; high = !high) {
    meter.marker?.set(high)
    await host.clock.sleep(pulseS, signal)
  }
  meter.marker?.set(false)
}
