import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { semanticsOf } from '../../../src/backends/compiled.ts'
import type { Host } from '../../../src/core/host.ts'
import type { Link } from '../../../src/core/link.ts'
import { type GivenModel, imageModel } from '../../../src/firmware/bridge-image.ts'
import { type ImageModel, imageSource } from '../../../src/firmware/image-source.ts'
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
export async function buildHostFirmware(host: Host, folder: string, given: readonly GivenModel[]): Promise<string> {
  const { files } = host
  const models: ImageModel[] = []
  for (const [index, one] of given.entries()) models.push(await imageModel(host, one, index))
  for (const { model } of models) for (const [name, text] of model.files) await files.write(join(folder, name), text)
  const image = { board: 'posix', clockHz: 1e9, vendor: 'milliwatt', version: 'test', models }
  await files.write(join(folder, 'image.c'), imageSource(image))
  const bridge = join(root, 'firmware-bridge')
  const runtime = (await files.list(join(bridge, 'runtime'))).filter((name) => name.endsWith('.c'))
  const sources = [
    ...runtime.map((name) => join(bridge, 'runtime', name)),
    join(bridge, 'port/posix/port.c'),
    ...models.map(({ model }) => join(folder, `${model.manifest.name}.c`)),
    join(folder, 'image.c'),
  ]
  const flags = ['-std=gnu99', '-O1', '-g', '-ffp-contract=off', '-Wall', '-Wextra', '-Werror', '-DMILLIWATT_LAYERS']
  const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']
  const program = join(folder, 'firmware')
  const args = [...flags, ...checks, '-I', bridge, '-I', folder, '-o', program, ...sources, '-lm']
  const built = await host.command(toolPath('cc')!, args, 120)
  if (built?.exitCode !== 0) throw new Error(built?.stderr ?? 'no compiler')
  return program
}

/** Starts a firmware; its standard error, the marker's levels, goes to the listener. */
export async function startFirmware(host: Host, program: string, onMarker?: (text: string) => void): Promise<Link> {
  return (await host.startCommand(program, [], onMarker))!
}
