import { z } from 'zod'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'

/** A board that firmware can be built for: `firmware-bridge/port/ID/port.json`; what it has says `targets/boards/ID.json`. */
export interface Port {
  readonly version: 1
  readonly id: string
  /** As the board's chip names it in `targets/chips`. */
  readonly core: string
  /** C files of the port, below `firmware-bridge/port`. */
  readonly sources: readonly string[]
  readonly clockHz: number
  /** Machine of QEMU that runs it; absent for boards of metal. */
  readonly machine?: string
  /** The file that its flasher takes; absent for ports without a prebuilt image. */
  readonly image?: PortImage
}

/** A file with firmware. UF2 files name the family of chips that they are for, as hex of eight digits. */
export type PortImage =
  | { readonly format: 'uf2'; readonly familyId: string }
  | { readonly format: 'hex' | 'bin' | 'elf' }

const image: z.ZodType<PortImage> = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('uf2'), familyId: z.string().regex(/^[0-9a-f]{8}$/) }),
  z.strictObject({ format: z.enum(['hex', 'bin', 'elf']) }),
])

const schema: z.ZodType<Port> = z.strictObject({
  version: z.literal(1),
  id: z.string().min(1),
  core: z.string().min(1),
  sources: z.array(z.string()).min(1),
  clockHz: z.number().positive(),
  machine: z.string().min(1).exactOptional(),
  image: image.exactOptional(),
})

/** Folder of all ports. */
export function portFolder(host: Host): string {
  return host.files.join(host.packageFolder, 'firmware-bridge', 'port')
}

/** Reads a port by its id. @throws MilliwattError TARGET_INVALID for one that is not there or wrong */
export async function readPort(host: Host, id: string): Promise<Port> {
  const path = host.files.join(portFolder(host), id, 'port.json')
  try {
    const port = schema.parse(JSON.parse(await host.files.readText(path)))
    if (port.id !== id) throw new Error(`"${port.id}" differs from the folder's name`)
    return port
  } catch (error) {
    throw new MilliwattError('TARGET_INVALID', path, `${messageOf(error)}.`, error)
  }
}

/** Ids of all ports that can be built. */
export async function listPorts(host: Host): Promise<readonly string[]> {
  const { files } = host
  const names = await files.list(portFolder(host))
  const have = await Promise.all(names.map((name) => files.stat(files.join(portFolder(host), name, 'port.json'))))
  return names.filter((_, index) => have[index]).sort()
}
