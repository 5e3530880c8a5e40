import type { Host } from '../core/host.ts'

/** Every file below a folder whose name fits, as paths relative to it, sorted. */
export async function filesBelow(host: Host, folder: string, fits: RegExp, below = ''): Promise<readonly string[]> {
  const names = await host.files.list(host.files.join(folder, below))
  const nested = await Promise.all(
    names.map(async (name) => {
      const relative = below ? `${below}/${name}` : name
      const found = await host.files.stat(host.files.join(folder, relative))
      if (found?.kind === 'folder') return filesBelow(host, folder, fits, relative)
      return fits.test(name) ? [relative] : []
    }),
  )
  return nested.flat()
}
