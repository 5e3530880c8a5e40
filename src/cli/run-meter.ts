import type { Host } from '../core/host.ts'
import type { RuntimeOptions } from '../loop/runtime.ts'
import { findMeters } from '../meters/list.ts'

/** What the user said of the meter. */
export interface MeterChoice {
  readonly meter: string
  readonly supplyV?: number
  readonly meterMode?: 'source' | 'ampere'
  readonly meterResume?: number
}

/**
 * What `--meter` means here. `auto` takes the first meter that is plugged in and falls back to the emulated
 * one, which marks every figure as emulated.
 * @param tell receives a line for the user about the fallback
 */
export async function chosenMeter(
  host: Host,
  options: MeterChoice,
  tell: (line: string) => void,
): Promise<Pick<RuntimeOptions, 'meter' | 'meterOptions'>> {
  if (options.meter === 'none') return {}
  const meterOptions = {
    ...(options.supplyV === undefined ? {} : { supplyV: options.supplyV }),
    ...(options.meterMode === undefined ? {} : { mode: options.meterMode }),
    ...(options.meterResume === undefined ? {} : { resumeS: options.meterResume }),
  }
  if (options.meter !== 'auto') return { meter: options.meter, meterOptions }
  const [found] = await findMeters(host)
  if (found) return { meter: `${found.driver}:${found.path}`, meterOptions }
  tell(
    'No meter found: an emulated one stands in, and every energy figure is marked emulated (--meter none: no energy).',
  )
  return { meter: 'emulated', meterOptions }
}
