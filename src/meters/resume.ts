import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Clock } from '../core/host.ts'
import type { SampleEvent } from '../trace/samples.ts'
import { createMeter, type MeterStream, noCounts } from './create-meter.ts'
import type { Meter, MeterCounts } from './meter.ts'

/** Pause between two attempts to find the meter again, in seconds. */
const retryS = 0.5

/** How to go on after a meter went away. */
export interface ResumeOptions {
  readonly clock: Clock
  /** Opens the meter again, wherever it is plugged in now. */
  readonly reopen: () => Promise<Meter>
  /** How long to wait for it, in seconds. */
  readonly resumeS: number
}

function sum(a: MeterCounts, b: MeterCounts): MeterCounts {
  return {
    received: a.received + b.received,
    lost: a.lost + b.lost,
    saturated: a.saturated + b.saturated,
    invalid: a.invalid + b.invalid,
    discardedBytes: a.discardedBytes + b.discardedBytes,
    ...(a.bridged === undefined && b.bridged === undefined ? {} : { bridged: (a.bridged ?? 0) + (b.bridged ?? 0) }),
  }
}

/** Tries to open the meter again until the time is over; throws the first loss when it never comes back. */
async function comeBack(options: ResumeOptions, first: Meter, loss: unknown, signal: AbortSignal): Promise<Meter> {
  const { clock, reopen, resumeS } = options
  for (const untilS = clock.nowS() + resumeS; clock.nowS() < untilS && !signal.aborted; ) {
    const meter = await reopen().catch(() => null)
    if (meter) {
      const { model, serialNumber, sampleRateHz } = meter.info
      const isSame =
        model === first.info.model &&
        serialNumber === first.info.serialNumber &&
        sampleRateHz === first.info.sampleRateHz
      if (isSame) return meter
      await meter.close()
      throw new MilliwattError('METER_WRONG', meter.info.path, `(another ${model} than before came back)`)
    }
    await clock.sleep(retryS, signal)
  }
  throw loss
}

/**
 * A meter that survives being unplugged: when it is lost, the stream waits until it is back and goes on with a gap as
 * long as the host's clock says. The gap's length is sure to the jitter of arrivals (some milliseconds).
 */
export function resumingMeter(first: Meter, options: ResumeOptions): Meter {
  const rate = first.info.sampleRateHz
  let current = first

  const openStream = (): MeterStream => {
    let before: MeterCounts = noCounts
    let end = 0
    let endS = 0

    /** Shifts a session's events to the common grid, after a gap for the time between the sessions. */
    async function* session(signal: AbortSignal): AsyncGenerator<SampleEvent> {
      const base = end
      let offset = base === 0 ? 0 : null
      for await (const event of current.samples(signal)) {
        const count = event.kind === 'gap' ? event.count : event.powerW.length
        if (offset === null && event.kind === 'samples') {
          const missing = Math.max(Math.round((event.arrivalS - endS) * rate) - event.firstIndex - count, 0)
          if (missing > 0) yield { kind: 'gap', firstIndex: end, count: missing }
          before = { ...before, lost: before.lost + missing }
          offset = base + missing
        }
        const firstIndex = event.firstIndex + (offset ?? base)
        end = firstIndex + count
        if (event.kind === 'samples') endS = event.arrivalS
        yield { ...event, firstIndex }
      }
    }

    async function* events(signal: AbortSignal): AsyncGenerator<SampleEvent> {
      for (;;) {
        try {
          yield* session(signal)
          return
        } catch (loss) {
          if (!isMilliwattError(loss, 'METER_LOST') || signal.aborted) throw loss
          before = sum(before, current.counts)
          await current.close()
          current = await comeBack(options, first, loss, signal)
        }
      }
    }
    return {
      get counts() {
        return sum(before, current.counts)
      },
      events,
    }
  }
  const { marker } = first
  return createMeter({
    info: first.info,
    ...(marker ? { marker: { channel: marker.channel, set: (high) => current.marker?.set(high) } } : {}),
    openStream,
    close: () => current.close(),
  })
}
