import { type CoreFlash, cReadme } from '../compile/c/c-readme.ts'
import type { CModel } from '../compile/c/render.ts'
import type { Host } from '../core/host.ts'
import { modelFlashBytes } from './model-size.ts'
import { writeOutput } from './raw-run.ts'

/** Paths that a file includes by quotes, seen from `firmware-bridge`; its own headers lie in `include`. */
function includesOf(text: string): readonly string[] {
  return [...text.matchAll(/^#include "(?:\.\.\/)?(?:include\/)?([^"/]+\.h)"/gm)].map((match) => `include/${match[1]}`)
}

/** Files of `firmware-bridge` that a model needs, by path: its kernels and all that they include. */
async function bridgeFiles(host: Host, model: CModel): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const folder = host.files.join(host.packageFolder, 'firmware-bridge')
  const add = async (path: string): Promise<void> => {
    if (found.has(path)) return
    const text = await host.files.readText(host.files.join(folder, ...path.split('/')))
    found.set(path, text)
    for (const included of includesOf(text)) await add(included)
  }
  await add('include/milliwatt.h')
  for (const kernel of model.kernels) await add(`kernels/${kernel}.c`)
  return found
}

/**
 * Writes a model in C with the kernels that it includes, so that `cc -c NAME.c` needs nothing else; names the files, the
 * model's own first.
 * @throws MilliwattError OUTPUT_WRITE
 */
export async function writeC(host: Host, folder: string, model: CModel): Promise<readonly string[]> {
  const all = [...model.files, ...(await bridgeFiles(host, model))]
  for (const [path, text] of all)
    await writeOutput(host, host.files.join(folder, ...path.split('/')), new TextEncoder().encode(text))
  return all.map(([path]) => path)
}

/** Cores whose flash the page beside a model names. */
const shownCores: readonly string[] = ['Cortex-M0+', 'Cortex-M3', 'Cortex-M4F', 'Cortex-M33', 'Cortex-M55']

/**
 * Writes a model in C as a folder to drop into firmware: what `writeC` writes, and a README with the bytes that it takes.
 * @throws MilliwattError OUTPUT_WRITE
 */
export async function writeCFolder(host: Host, folder: string, model: CModel): Promise<readonly string[]> {
  const written = await writeC(host, folder, model)
  const flash: CoreFlash[] = []
  for (const core of shownCores) flash.push({ core, flashBytes: await modelFlashBytes(host, folder, model, core) })
  const text = cReadme(model.manifest, flash)
  await writeOutput(host, host.files.join(folder, 'README.md'), new TextEncoder().encode(text))
  return [...written, 'README.md']
}
