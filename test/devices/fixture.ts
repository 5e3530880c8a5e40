import { readFileSync } from 'node:fs'
import type { DeviceKind, Finding } from '../../src/core/device.ts'
import { type FakeHost, type FakeHostOptions, type FakeTree, fakeHost } from '../../src/hosts/fake.ts'
import { loadTargets } from '../../src/targets/load.ts'
import type { Targets } from '../../src/targets/target.ts'

/** Names of the recorded machines in `test/fixtures/roots`. */
export const machineNames = [
  'raspberry-pi-5',
  'raspberry-pi-5-hailo',
  'jetson-orin-nano',
  'radxa-rock-5b',
  'laptop-intel-npu',
  'bare-vm',
] as const

export type MachineName = (typeof machineNames)[number]

interface Recording {
  readonly platform: string
  readonly architecture: string
  readonly commands?: FakeHostOptions['commands']
  readonly root: FakeTree
}

/** Reads a recorded machine. */
export function recordingOf(name: MachineName): Recording {
  return JSON.parse(readFileSync(new URL(`../fixtures/roots/${name}.json`, import.meta.url), 'utf8')) as Recording
}

/** A fake host that is a recorded machine, with changes; `root` is merged, `without` takes paths out. */
export function machineHost(name: MachineName, changes: FakeHostOptions = {}, without = /^$/): FakeHost {
  const { platform, architecture, commands = {}, root } = recordingOf(name)
  const kept = Object.fromEntries(Object.entries(root).filter(([path]) => !without.test(path)))
  return fakeHost({ platform, architecture, commands, ...changes, root: { ...kept, ...changes.root } })
}

/** The repository's own targets. */
export function ownTargets(): Promise<Targets> {
  return loadTargets(fakeHost({ readsDisk: true }))
}

/** Findings of one kind. */
export function ofKind(findings: readonly Finding[], kind: DeviceKind): readonly Finding[] {
  return findings.filter((finding) => finding.kind === kind)
}

/** The device of a finding; fails the test when it is absent. */
export function deviceOf(finding: Finding | undefined) {
  if (finding === undefined || finding.status === 'absent') throw new Error(`no device: ${finding?.reason}`)
  return finding.device
}
