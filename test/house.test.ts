import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const source = resolve(import.meta.dirname, '../src')

/**
 * Who may import whom: a folder imports only folders of the rows above its own (and itself). The same table
 * stands in CONTRIBUTING.md.
 */
const rows: readonly (readonly string[])[] = [
  ['core'],
  ['graph', 'trace', 'audio', 'targets', 'hosts'],
  ['formats', 'compile', 'cost', 'energy'],
  ['catalogue', 'plan', 'quantize'],
  ['firmware'],
  ['devices', 'backends', 'meters', 'report'],
  ['dashboard'],
  ['loop'],
  ['index'],
  ['entries'],
  ['cli'],
]

/** Folders that may know Node. */
const platform = new Set(['hosts', 'entries', 'cli'])

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(source, name))

const folderOf = (path: string) => relative(source, path).split('/')[0]!.replace(/\.ts$/, '')
const rowOf = (folder: string) => rows.findIndex((row) => row.includes(folder))

function importsOf(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
}

describe('house', () => {
  it('finds the source files', () => {
    expect(files.length).toBeGreaterThan(50)
  })

  it('has a row for every folder of src', () => {
    const unknown = [...new Set(files.map(folderOf))].filter((folder) => rowOf(folder) === -1)
    expect(unknown).toEqual([])
  })

  it('imports only from rows above, and siblings never meet', () => {
    const offences = files.flatMap((path) =>
      importsOf(path)
        .filter((name) => name.startsWith('.'))
        .map((name) => folderOf(resolve(dirname(path), name)))
        .filter((target) => target !== folderOf(path) && rowOf(target) >= rowOf(folderOf(path)))
        .map((target) => `${relative(source, path)} -> ${target}`),
    )
    expect(offences).toEqual([])
  })

  it('knows Node only in hosts, entries and cli', () => {
    const offences = files.filter(
      (path) => !platform.has(folderOf(path)) && importsOf(path).some((name) => name.startsWith('node:')),
    )
    expect(offences.map((path) => relative(source, path))).toEqual([])
  })

  it('prints only in cli', () => {
    const offences = files.filter(
      (path) => folderOf(path) !== 'cli' && /\bconsole\.|process\.std(out|err)\b/.test(readFileSync(path, 'utf8')),
    )
    expect(offences.map((path) => relative(source, path))).toEqual([])
  })

  it('states the same table in CONTRIBUTING.md', () => {
    const text = readFileSync(resolve(source, '../CONTRIBUTING.md'), 'utf8')
    expect(text).toContain(rows.map((row) => row.map((name) => `\`${name}\``).join(' ')).join(' ← '))
  })
})
