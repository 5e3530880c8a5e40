import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { ExternalFiles } from '../formats/format.ts'
import { externalFilesOf } from '../formats/list.ts'

/** More than this in one file of weights is refused, since it would be read into memory at once. */
const mostBytes = 2 ** 31

/** Whether a name could lead out of the folder that it is relative to, on any system. */
function leadsOutside(location: string): boolean {
  return /^([/\\]|[A-Za-z]:)|\0/.test(location) || location.split(/[/\\]/).includes('..')
}

/** The file that a model names; symbolic links may not lead out of its folder either. */
async function locate({ files }: Host, folder: string, location: string): Promise<string> {
  const refuse = (detail: string) => new MilliwattError('MODEL_DATA', location, detail)
  if (leadsOutside(location)) throw refuse("The model names a file outside the model's folder.")
  const path = files.join(folder, location)
  const [inside, real] = await Promise.all([files.realPath(folder), files.realPath(path)])
  const found = real === null ? null : await files.stat(real)
  if (inside === null || real === null || found === null) throw refuse(`There is no file ${path}.`)
  if (leadsOutside(files.relative(inside, real))) throw refuse("A symbolic link leads out of the model's folder.")
  if (found.kind !== 'file') throw refuse(`${path} is no file.`)
  if (found.sizeBytes > mostBytes) throw refuse(`It has ${found.sizeBytes} bytes; at most ${mostBytes} are read.`)
  return real
}

/**
 * Reads the files that a model keeps weights in. They must lie in the model's folder or below.
 * @param folder where the model lies; null for a model that came as bytes
 * @throws MilliwattError MODEL_DATA
 */
export async function readExternalFiles(host: Host, model: Uint8Array, folder: string | null): Promise<ExternalFiles> {
  const read = new Map<string, Uint8Array>()
  for (const location of externalFilesOf(model)) {
    if (folder === null)
      throw new MilliwattError('MODEL_DATA', location, 'The model came as bytes; load it by its path instead.')
    read.set(location, await host.files.readBytes(await locate(host, folder, location)))
  }
  return read
}
