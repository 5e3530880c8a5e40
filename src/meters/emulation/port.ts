import type { Host } from '../../core/host.ts'
import type { Link, PortInfo } from '../../core/link.ts'

/** A host with one more serial port, behind which an emulated instrument answers. */
export function emulatedPort(host: Host, port: PortInfo, open: () => Link): Host {
  return {
    ...host,
    serial: {
      list: async () => ({ ports: [...(await host.serial.list()).ports, port] }),
      open: async (path, options) => (path === port.path ? open() : host.serial.open(path, options)),
    },
  }
}
