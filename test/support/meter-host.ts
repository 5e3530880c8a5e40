import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MilliwattError } from '../../src/core/errors.ts'
import type { Clock, Host } from '../../src/core/host.ts'
import type { Link, PortInfo } from '../../src/core/link.ts'
import { fakeHost } from '../../src/hosts/fake.ts'

const folder = resolve(import.meta.dirname, '../../targets/meters')

// In memory: a clock that only the test moves does not wait for a disk.
const repository = fakeHost({
  files: Object.fromEntries(readdirSync(folder).map((name) => [join(folder, name), readFileSync(join(folder, name))])),
})

// Loaded beforehand, for the same reason.
const loaded = async (name: string): Promise<unknown> => import(name).catch(() => null)

/** Optional packages that are installed here. */
export const optionalPackages: Readonly<Record<string, unknown>> = {
  'johnny-five': await loaded('johnny-five'),
  'firmata-io': await loaded('firmata-io'),
}

/** A host with a clock, the package's files, serial ports and an empty machine; everything else throws when touched. */
export function meterHost(clock: Clock, links: Record<string, () => Link> = {}, ports: readonly PortInfo[] = []): Host {
  const partial = {
    clock,
    platform: 'linux',
    files: repository.files,
    packageFolder: repository.packageFolder,
    system: repository.system,
    command: async () => null,
    startCommand: async () => null,
    connect: repository.connect,
    optionalPackage: async (name: string) => optionalPackages[name] ?? null,
    serial: {
      list: async () => (ports.length > 0 ? { ports } : { ports, reason: 'the fake host has no ports' }),
      open: async (path: string) => {
        const open = links[path]
        if (!open) throw new MilliwattError('METER_NOT_FOUND', path)
        return open()
      },
    },
  }
  return new Proxy(partial as unknown as Host, {
    get: (target, name) => {
      if (name in target) return target[name as keyof Host]
      throw new Error(`a meter must not use host.${String(name)}`)
    },
  })
}
