import type { CModel } from '../compile/c/render.ts'
import { isMilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { measureObject } from '../firmware/build.ts'
import { coreFlags } from '../firmware/cores.ts'

/**
 * Flash that a model written to a folder takes on a core at `-Os`, code and constants, in bytes; null where nothing here
 * compiles for it.
 */
export async function modelFlashBytes(host: Host, folder: string, model: CModel, core: string): Promise<number | null> {
  if (!coreFlags(core)) return null
  const { files } = host
  const object = files.join(folder, `${model.manifest.name}-${core.replace(/\W/g, '')}.o`)
  try {
    const source = files.join(folder, `${model.manifest.name}.c`)
    return (await measureObject(host, core, source, object, ['-Os'])).flashBytes
  } catch (error) {
    if (isMilliwattError(error, 'FIRMWARE_BUILD')) return null
    throw error
  } finally {
    await files.remove(object)
  }
}
