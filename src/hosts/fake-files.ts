import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { FileAppender, FileReader, FileStat, HostFiles } from '../core/host.ts'

/** The user's files in memory, with the real disk beneath when `readsDisk`. */
export function memoryFiles(initial: Readonly<Record<string, string | Uint8Array>>, readsDisk = false): HostFiles {
  const toBytes = (content: string | Uint8Array) =>
    typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content)
  const files = new Map(Object.entries(initial).map(([path, content]) => [resolve(path), toBytes(content)]))
  const readBytes = async (path: string): Promise<Uint8Array> => {
    const bytes = files.get(resolve(path))
    if (bytes) return bytes
    if (readsDisk) return readFile(path)
    throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' })
  }
  const namesBelow = (path: string) => {
    const prefix = `${resolve(path)}${sep}`
    const below = [...files.keys()].filter((file) => file.startsWith(prefix))
    return below.map((file) => file.slice(prefix.length).split(sep)[0]!)
  }
  return {
    readBytes,
    readText: async (path) => new TextDecoder().decode(await readBytes(path)),
    open: async (path) => memoryReader(await readBytes(path)),
    write: async (path, content) => void files.set(resolve(path), toBytes(content)),
    rename: async (from, to) => {
      files.set(resolve(to), Uint8Array.from(await readBytes(from)))
      files.delete(resolve(from))
    },
    append: async (path) => memoryAppender(files, resolve(path)),
    remove: async (path) => void files.delete(resolve(path)),
    list: async (path) => {
      const names = new Set([...namesBelow(path), ...(readsDisk ? await readdir(path).catch(() => []) : [])])
      if (names.size > 0) return [...names].sort()
      throw Object.assign(new Error(`ENOENT: no such folder, scandir '${path}'`), { code: 'ENOENT' })
    },
    stat: async (path): Promise<FileStat | null> => {
      const bytes = files.get(resolve(path))
      if (bytes) return { kind: 'file', sizeBytes: bytes.length }
      if (namesBelow(path).length > 0) return { kind: 'folder', sizeBytes: 0 }
      const found = readsDisk ? await stat(path).catch(() => null) : null
      return found && { kind: found.isDirectory() ? 'folder' : 'file', sizeBytes: found.isDirectory() ? 0 : found.size }
    },
    join,
    realPath: async (path) => {
      if (files.has(resolve(path)) || namesBelow(path).length > 0) return resolve(path)
      return readsDisk ? realpath(path).catch(() => null) : null
    },
    resolve: (path) => resolve(path),
    basename: (path) => basename(path),
    dirname,
    relative: (from, to) => relative(from, to).split(sep).join('/'),
  }
}

/** Reads parts of bytes in memory. */
export function memoryReader(bytes: Uint8Array): FileReader {
  return {
    sizeBytes: bytes.length,
    read: async (start, end) => bytes.slice(start, end),
    close: async () => {},
  }
}

function memoryAppender(files: Map<string, Uint8Array>, path: string): FileAppender {
  let room = new Uint8Array(1024)
  let length = 0
  files.set(path, new Uint8Array())
  return {
    append: async (bytes) => {
      if (length + bytes.length > room.length) {
        const larger = new Uint8Array(2 * (length + bytes.length))
        larger.set(room.subarray(0, length))
        room = larger
      }
      room.set(bytes, length)
      length += bytes.length
      files.set(path, room.subarray(0, length))
    },
    sync: async () => {},
    close: async () => {},
  }
}
