import type { Host } from '../core/host.ts'
import { buildBridge, type GivenModel, imageModel } from './bridge-image.ts'
import { type ImageListener, type ImageModel, imageSource } from './image-source.ts'
import { type Port, portFolder } from './port.ts'

/** Texts of all files below a folder whose names end so. */
async function textsIn(host: Host, folder: string): Promise<readonly string[]> {
  const { files } = host
  const texts: string[] = []
  for (const name of await files.list(folder)) {
    const path = files.join(folder, name)
    const stat = await files.stat(path)
    if (stat?.kind === 'folder') texts.push(...(await textsIn(host, path)))
    else if (/\.(?:[chS]|ld|json)$/.test(name)) texts.push(await files.readText(path))
  }
  return texts
}

let builds = 0

/**
 * Firmware of a board with these models in it, as an ELF file: built now or, where the same sources were built before, taken from
 * the cache.
 * @throws MilliwattError FIRMWARE_BUILD, OP_UNSUPPORTED
 */
export async function bridgeFirmware(
  host: Host,
  port: Port,
  given: readonly GivenModel[],
  listener?: ImageListener,
): Promise<string> {
  const { files } = host
  const models: ImageModel[] = []
  for (const [index, one] of given.entries()) models.push(await imageModel(host, one, index))
  const image = {
    board: port.id,
    clockHz: port.clockHz,
    vendor: 'milliwatt',
    version: '1',
    models,
    ...(listener ? { listener } : {}),
  }
  const bridge = files.join(host.packageFolder, 'firmware-bridge')
  const folders = ['runtime', 'include', 'kernels', 'audio'].map((part) => files.join(bridge, part))
  const own = [
    port.id,
    imageSource(image),
    JSON.stringify(listener?.features ?? null),
    ...models.flatMap(({ model }) => [...model.files.values()]),
  ]
  const texts = [...own, ...(await Promise.all([...folders, portFolder(host)].map((at) => textsIn(host, at)))).flat()]
  const hash = await host.sha256(new TextEncoder().encode(texts.join('\0')))
  const folder = files.join(host.cacheFolder, 'firmware', hash.slice(0, 32))
  const elf = files.join(folder, 'firmware.elf')
  if (await files.stat(elf)) return elf
  const work = files.join(folder, `build-${Math.round(host.clock.nowS() * 1e6)}-${builds++}`)
  const built = await buildBridge(host, port, image, { folder: work, flags: ['-O2'] })
  await files.rename(built.elf, elf)
  return elf
}
