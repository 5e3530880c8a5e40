import type { EnergyFigure } from '../cost/profile.ts'
import type { Runnable } from './candidates.ts'
import { sampleInput } from './input.ts'
import type { PowerSession } from './power.ts'
import { seesDevice } from './run-cost.ts'

/**
 * Energy of one inference of a candidate by the meter, over a window of so many seconds; null where the meter does not see
 * its device or the window is not complete.
 */
export async function planEnergy(
  session: PowerSession,
  { variant, backend, executable }: Runnable,
  latencyS: number,
  windowS: number,
  channel: number | undefined,
): Promise<EnergyFigure | null> {
  if (!seesDevice(session, executable)) return null
  const input = sampleInput(executable.inputs)
  const leastS = Math.max(windowS, 1.05 * (session.meter.info.minimumWindowS ?? 0))
  const repeats = Math.max(3, Math.ceil(leastS / latencyS))
  const { remote } = executable
  await remote?.load(input)
  const body = async () => {
    if (remote) await remote.run(repeats, 'window')
    else for (let run = 0; run < repeats; run++) await executable.run(input)
  }
  const wire = remote ? { onMarker: remote.onMarker, channel } : {}
  const { window } = await session.window(`plan: ${variant.name} on ${backend.name}`, repeats, body, wire)
  if (window.energy?.verdict !== 'complete') return null
  return { energyJ: window.energy.energyJ / repeats, provenance: session.meter.info.provenance }
}
