import type { Host } from '../core/host.ts'
import { type Profile, parseProfile } from '../cost/profile.ts'

async function profilePath(host: Host, fingerprint: string): Promise<string> {
  const digest = await host.sha256(new TextEncoder().encode(fingerprint))
  return host.files.join(host.cacheFolder, `profile-${digest.slice(0, 16)}.json`)
}

/** Reads what was measured on this machine before; an empty profile when there is nothing usable. */
export async function readProfile(host: Host, fingerprint: string): Promise<Profile> {
  const text = await host.files.readText(await profilePath(host, fingerprint)).catch(() => null)
  return parseProfile(text, fingerprint)
}

/** Keeps a profile. A cache that cannot be written is no reason to fail: the next run measures again. */
export async function writeProfile(host: Host, profile: Profile): Promise<void> {
  const path = await profilePath(host, profile.fingerprint)
  await host.files.write(path, `${JSON.stringify(profile, null, 1)}\n`).catch(() => {})
}
