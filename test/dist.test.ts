import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from './support/temporary.ts'

const root = resolve(import.meta.dirname, '..')
const folder = temporaryFolder()
const installed = join(folder, 'node_modules', 'milliwatt')

describe('the packed package', () => {
  let files: readonly string[] = []
  beforeAll(() => {
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
        cwd: root,
        encoding: 'utf8',
      }),
    )
    const entry = Array.isArray(packed) ? packed[0] : Object.values(packed)[0]
    files = entry.files.map((file: { path: string }) => file.path)
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', join(folder, entry.filename), '-C', installed, '--strip-components=1'])
  })

  it('holds what runs and nothing else', () => {
    for (const wanted of [
      'dist/cli/main.js',
      'dist/entries/node.js',
      'dist/entries/node.d.ts',
      'models/kws/card.json',
      'LICENSE',
      'README.md',
      'NOTICE',
    ])
      expect(files).toContain(wanted)
    expect(files.some((file) => file.startsWith('targets/boards/') && file.endsWith('.json'))).toBe(true)
    const stray = files.filter((file) => /^(src|test|bench|models\/kws\/train)\//.test(file) || file.includes('fake'))
    expect(stray).toEqual([])
  })

  it('has an executable command with the version of package.json', () => {
    const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    for (const name of Object.keys(dependencies)) linkDependency(name)
    const command = join(installed, 'dist/cli/main.js')
    expect(execFileSync(process.execPath, [command, '--version'], { encoding: 'utf8' }).trim()).toBe(version)
  })

  it('can be imported by a program that depends on it', () => {
    const program = join(folder, 'program.mjs')
    writeFileSync(
      program,
      `import { openRuntime } from 'milliwatt'
       const runtime = await openRuntime({ backends: ['onnxruntime-web'] })
       const model = await runtime.load('kws')
       const { outputs, cost } = await model.run(new Float32Array(model.inputs[0].shape.reduce((a, b) => a * b)))
       console.log(JSON.stringify({ labels: model.catalogue.card.labels.length, scores: Object.values(outputs)[0].data.length, latency: cost.latencyS > 0 }))
       await runtime[Symbol.asyncDispose]()`,
    )
    const output = execFileSync(process.execPath, [program], { encoding: 'utf8', cwd: folder })
    const { labels, scores, latency } = JSON.parse(output)
    expect({ scores, latency }).toEqual({ scores: labels, latency: true })
  })
})

/** Dependencies are taken from the checkout, as an installation beside it would have them. */
function linkDependency(name: string): void {
  const target = join(folder, 'node_modules', name)
  mkdirSync(resolve(target, '..'), { recursive: true })
  execFileSync('ln', ['-sfn', join(root, 'node_modules', name), target])
}
