import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { semanticsOf } from '../../../src/backends/compiled.ts'
import type { Host } from '../../../src/core/host.ts'
import type { Link } from '../../../src/core/link.ts'
import { type GivenModel, imageModel, writeImage } from '../../../src/firmware/bridge-image.ts'
import type { ImageListener, ImageModel } from '../../../src/firmware/image-source.ts'
import { segmentIn } from '../../../src/formats/forms.ts'
import { readModel } from '../../../src/formats/list.ts'
import { toolPath } from '../../support/needs.ts'

const root = resolve(import.meta.dirname, '../../..')

/** A model file as firmware takes it. */
export function givenModel(path: string, more: Partial<GivenModel> = {}): GivenModel {
  const segment = segmentIn(readModel(readFileSync(path), path), 'canonical')
  return { name: path.split('/').at(-1)!, graph: segment.graph, semantics: semanticsOf(segment), ...more }
}

/** A shipped keyword spotter. */
export const shipped = (name: string): GivenModel => givenModel(join(root, 'models/kws', `${name}.onnx`))

/** Builds the firmware as a program of this machine, with the sanitizers of the compiler; the program's path. */
export async function buildHostFirmware(
  host: Host,
  folder: string,
  given: readonly GivenModel[],
  listener?: ImageListener,
): Promise<string> {
  const models: ImageModel[] = []
  for (const [index, one] of given.entries()) models.push(await imageModel(host, one, index))
  const about = { board: 'posix', clockHz: 1e9, vendor: 'milliwatt', version: 'test' }
  const { files, flags } = await writeImage(host, { ...about, models, ...(listener ? { listener } : {}) }, folder)
  const bridge = join(root, 'firmware-bridge')
  const usual = ['-std=gnu99', '-O1', '-g', '-ffp-contract=off', '-Wall', '-Wextra', '-Werror']
  const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']
  const program = join(folder, 'firmware')
  const sources = [...files, join(bridge, 'port/posix/port.c')]
  const args = [...usual, ...flags, ...checks, '-I', bridge, '-I', folder, '-o', program, ...sources, '-lm']
  const built = await host.command(toolPath('cc')!, args, 120)
  if (built?.exitCode !== 0) throw new Error(built?.stderr ?? 'no compiler')
  return program
}

/** Starts a firmware; its standard error, the marker's levels, goes to the listener. */
export async function startFirmware(host: Host, program: string, onMarker?: (text: string) => void): Promise<Link> {
  return (await host.startCommand(program, [], onMarker))!
}
