import type { CModel } from '../compile/c/render.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { buildLibrary, type Compiler } from './native-compiler.ts'

const endings: Readonly<Record<string, string>> = { darwin: 'dylib', win32: 'dll' }

/** Texts of the headers and kernels that a model includes, by path below `firmware-bridge`. */
async function sourcesOf(host: Host, folder: string, kernels: readonly string[]): Promise<string[]> {
  const headers = await host.files.list(host.files.join(folder, 'include'))
  const paths = [...headers.map((name) => ['include', name]), ...kernels.map((name) => ['kernels', `${name}.c`])]
  return Promise.all(paths.map((path) => host.files.readText(host.files.join(folder, ...path))))
}

/** What is built: the model, and what times its layers. */
const whole = (name: string): string => `#include "${name}.c"\n#include "include/stamped.h"\n\nMW_STAMPED(${name})\n`

let builds = 0

/**
 * The shared library of a model in C: built now or, where the same sources were built by the same compiler for the same
 * processor before, taken from the cache. Builds of several processes do not disturb each other.
 * @throws MilliwattError BACKEND_FAILED with what the compiler or the system said
 */
export async function nativeLibrary(host: Host, compiler: Compiler, model: CModel): Promise<string> {
  const { files } = host
  const include = files.join(host.packageFolder, 'firmware-bridge')
  try {
    const own = [...model.files.values(), whole(model.manifest.name)]
    const texts = [compiler.version, compiler.macros, ...compiler.flags, ...own]
    const sources = await sourcesOf(host, include, model.kernels)
    const hash = await host.sha256(new TextEncoder().encode([...texts, ...sources].join('\0')))
    const folder = files.join(host.cacheFolder, 'native', hash.slice(0, 32))
    const library = files.join(folder, `model.${endings[host.platform] ?? 'so'}`)
    if (await files.stat(library)) return library
    for (const [name, text] of model.files) await files.write(files.join(folder, name), text)
    const source = files.join(folder, 'library.c')
    await files.write(source, whole(model.manifest.name))
    const made = `${library}.${Math.round(host.clock.nowS() * 1e6)}-${builds++}`
    await buildLibrary(host, compiler, { source, include, library: made })
    await files.rename(made, library)
    return library
  } catch (error) {
    if (error instanceof MilliwattError) throw error
    throw new MilliwattError('BACKEND_FAILED', 'native', messageOf(error), error)
  }
}
