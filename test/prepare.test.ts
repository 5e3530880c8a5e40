import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from './support/temporary.ts'

const root = resolve(import.meta.dirname, '..')
const folder = temporaryFolder()

/** A checkout in small: the script, one source file, and TypeScript or not. */
function checkout(name: string, typescript: boolean): string {
  const at = join(folder, name)
  for (const part of ['scripts', 'src', 'node_modules']) mkdirSync(join(at, part), { recursive: true })
  cpSync(join(root, 'scripts/prepare.mjs'), join(at, 'scripts/prepare.mjs'))
  writeFileSync(join(at, 'package.json'), '{ "type": "module" }')
  const compilerOptions = { outDir: 'dist', rootDir: 'src', types: [], module: 'nodenext' }
  writeFileSync(join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
  writeFileSync(join(at, 'src/one.ts'), 'export const one: number = 1\n')
  if (typescript) symlinkSync(join(root, 'node_modules/typescript'), join(at, 'node_modules/typescript'))
  return at
}

const prepare = (at: string) => spawnSync(process.execPath, [join(at, 'scripts/prepare.mjs')], { encoding: 'utf8' })

describe('npm prepare', () => {
  it('builds where TypeScript is', () => {
    const at = checkout('with', true)
    const { status, stdout } = prepare(at)
    expect([status, stdout]).toEqual([0, ''])
    expect(existsSync(join(at, 'dist/one.js'))).toBe(true)
  })

  it('fails where the sources do not compile', () => {
    const at = checkout('wrong', true)
    writeFileSync(join(at, 'src/one.ts'), "export const one: number = 'one'\n")
    expect(prepare(at).status).not.toBe(0)
  })

  it('says so and goes on where TypeScript is left out', () => {
    const { status, stdout } = prepare(checkout('without', false))
    expect(status).toBe(0)
    expect(stdout).toContain('TypeScript is not installed, so nothing is built. dist/ is missing')
  })
})
