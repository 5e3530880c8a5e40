import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compileFunction } from 'node:vm'

/** Path of a package's file, seen from milliwatt and from the working folder; null when it is not installed. */
export function packagePath(name: string): string | null {
  const roots = [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]
  for (const root of roots) {
    try {
      return createRequire(root).resolve(name)
    } catch {
      // Not seen from here.
    }
  }
  return null
}

/** Loads an optional package; null when it is not installed. */
export async function optionalPackage(name: string): Promise<unknown | null> {
  const path = packagePath(name)
  return path === null ? null : import(pathToFileURL(path).href)
}

/** Bytes of a package's file; null when it is not installed. */
export async function packageFile(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const path = packagePath(name)
  return path === null ? null : new Uint8Array(await readFile(path))
}

/**
 * What a package's file exports when it is run as CommonJS, even where its package.json says otherwise; null when it
 * is not installed. Every call runs it anew, and it sees no more globals than any module.
 */
export async function packageScript(name: string): Promise<unknown | null> {
  const path = packagePath(name)
  if (path === null) return null
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname']
  const run = compileFunction(await readFile(path, 'utf8'), parameters, { filename: path })
  const module = { exports: {} }
  run(module.exports, createRequire(path), module, path, dirname(path))
  return module.exports
}
