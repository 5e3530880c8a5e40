import type { Host, SystemTree } from '../../core/host.ts'

/** A host whose tree holds more files than it really does; each is made when it is read. */
export function emulatedTree(host: Host, files: Readonly<Record<string, () => string>>): Host {
  const paths = Object.keys(files)
  const below = (path: string) => {
    const prefix = `${path.replace(/\/+$/, '')}/`
    return paths.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length).split('/')[0]!)
  }
  const system: SystemTree = {
    readText: async (path) => files[path]?.() ?? host.system.readText(path),
    list: async (path) => [...new Set([...below(path), ...(await host.system.list(path))])].sort(),
    exists: async (path) => path in files || below(path).length > 0 || host.system.exists(path),
    isAccessible: async (path) => path in files || host.system.isAccessible(path),
  }
  return { ...host, system }
}
