import type { SystemTree } from '../core/host.ts'

/** A whole number of zero or more in a file, or undefined. */
export async function readNumber(system: SystemTree, path: string): Promise<number | undefined> {
  const text = (await system.readText(path))?.trim()
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** `KEY=value` lines of a sysfs `uevent` file. */
export async function readUevent(system: SystemTree, path: string): Promise<ReadonlyMap<string, string>> {
  const lines = ((await system.readText(path)) ?? '').split('\n')
  return new Map(lines.filter((line) => line.includes('=')).map((line) => cut(line, '=')))
}

/** Text before and after the first separator, both trimmed; the second is empty when there is none. */
export function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + separator.length).trim()]
}

/** The first of some things that is not undefined, as an object with this key; else an empty object. */
export function fact<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V }
}

/** Distinct values in the order of their first appearance. */
export function distinct<T>(values: Iterable<T>): T[] {
  return [...new Set(values)]
}
