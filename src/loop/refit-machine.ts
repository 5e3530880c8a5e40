import type { Host } from '../core/host.ts'
import { graphBorder } from '../cost/border.ts'
import { type MachineProfile, type PlaceProfile, placeId, type RealRun } from '../cost/machine-profile.ts'
import { withRealRun } from '../cost/predict.ts'
import type { LatencyFigure } from '../cost/profile.ts'
import type { Runnable } from './candidates.ts'
import { writeMachineProfile } from './machine-profile-store.ts'
import { workAt } from './place-costs.ts'
import { placedSegment } from './placement.ts'

/** Two-sided 90 % of a normal distribution: how far its 95th percentile lies above the middle. */
const z95 = 1.6449

function realRun({ key, variant, backend }: Runnable, latency: LatencyFigure, measuredAt: string): RealRun {
  const segment = placedSegment(variant.segment)
  return {
    key,
    measuredAt,
    nodes: workAt(backend, segment),
    border: graphBorder(segment.graph),
    latencyS: latency.medianS,
    deviation: Math.log(latency.p95S / latency.medianS) / z95 / Math.sqrt(latency.n),
  }
}

/**
 * Feeds whole models that were measured back into the machine's profile, so that layers of the next plan are predicted by
 * what real models took. Places that the profile does not know stay out.
 */
export async function refitMachine(
  { host, machine }: { readonly host: Host; readonly machine: MachineProfile },
  measured: readonly Runnable[],
  latencies: ReadonlyMap<string, LatencyFigure>,
): Promise<void> {
  const measuredAt = host.clock.wallTime().toISOString()
  const places: Record<string, PlaceProfile> = { ...machine.places }
  let changed = false
  for (const one of measured) {
    const id = placeId(one.backend.name, one.device.id)
    const [place, latency] = [places[id], latencies.get(one.key)]
    if (!place || !latency) continue
    places[id] = withRealRun(place, realRun(one, latency, measuredAt))
    changed = true
  }
  if (changed) await writeMachineProfile(host, { ...machine, places })
}
