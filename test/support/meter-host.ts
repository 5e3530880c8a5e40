import { MilliwattError } from '../../src/core/errors.ts'
import type { Clock, Host } from '../../src/core/host.ts'
import type { Link, PortInfo } from '../../src/core/link.ts'

/** A host with a clock and serial ports only; everything else throws when touched. */
export function meterHost(clock: Clock, links: Record<string, () => Link> = {}, ports: readonly PortInfo[] = []): Host {
  const partial = {
    clock,
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
