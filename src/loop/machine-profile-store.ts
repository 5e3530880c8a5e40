import type { Host } from '../core/host.ts'
import { type MachineProfile, machineProfileText, parseMachineProfile } from '../cost/machine-profile.ts'

async function pathOf(host: Host, fingerprint: string): Promise<string> {
  const digest = await host.sha256(new TextEncoder().encode(fingerprint))
  return host.files.join(host.cacheFolder, `machine-${digest.slice(0, 16)}.json`)
}

/** Reads what microbenchmarks measured on this machine before; an empty profile when there is nothing usable. */
export async function readMachineProfile(host: Host, fingerprint: string): Promise<MachineProfile> {
  const text = await host.files.readText(await pathOf(host, fingerprint)).catch(() => null)
  return parseMachineProfile(text, fingerprint)
}

/** Keeps a profile. A cache that cannot be written is no reason to fail: the next run measures again. */
export async function writeMachineProfile(host: Host, profile: MachineProfile): Promise<void> {
  await host.files.write(await pathOf(host, profile.fingerprint), machineProfileText(profile)).catch(() => {})
}
