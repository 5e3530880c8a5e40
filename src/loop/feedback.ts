import type { Host } from '../core/host.ts'
import { type Profile, refit } from '../cost/profile.ts'
import type { RunSummary } from '../report/report.ts'
import type { LoadedModel } from './model.ts'
import { readProfile, writeProfile } from './profile-store.ts'

/**
 * Feeds a run back into this machine's profile, so that the next plan rests on what really happened: latency
 * over the runs, and energy if a physical meter read it.
 * @returns the new profile; the old one when nothing ran
 */
export async function feedBack(
  host: Host,
  fingerprint: string,
  model: LoadedModel,
  summary: RunSummary,
): Promise<Profile> {
  const profile = await readProfile(host, fingerprint)
  const { latency } = model
  if (!latency) return profile
  const { energyPerInferenceJ, provenance } = summary
  const energy = energyPerInferenceJ && provenance ? { energyJ: energyPerInferenceJ.mean, provenance } : null
  const measuredAt = host.clock.wallTime().toISOString()
  const updated = refit(profile, model.profileKey, { latency, energy, measuredAt })
  await writeProfile(host, updated)
  return updated
}
