import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { packagePath } from '../../src/hosts/node-packages.ts'
import { sharedPath } from '../support/shared.ts'

const root = resolve(import.meta.dirname, '../..')
const data = sharedPath('data', 'mlperf-tiny')

/** Packages of the rivals, by the names of the engines that need them. */
const peers = {
  'tfjs-tflite': '@tensorflow/tfjs-tflite/package.json',
  'LiteRT.js': '@litertjs/core/package.json',
  'onnxruntime-node': 'onnxruntime-node/package.json',
  'TFLite C': 'tfjs-tflite-node/package.json',
}
const absent = Object.entries(peers).flatMap(([name, path]) => (packagePath(path) ? [] : [name]))
const without = absent.length > 0 ? ` (without ${absent.join(', ')})` : ''

interface Engine {
  readonly name: string
  readonly rival: string | null
  readonly failure?: string
  readonly checked?: { readonly right: boolean; readonly worst: number }
  readonly us?: { readonly median: number }
}

interface Document {
  readonly missing: Readonly<Record<string, string>>
  readonly models: readonly { readonly model: string; readonly engines: readonly Engine[] }[]
  readonly classes: readonly { readonly cells: readonly { readonly ratio: { readonly median: number } }[] }[]
}

/** One short round of the smallest model. */
const quick = ['--models', 'AD', '--rounds', '1', '--turn-ms', '1', '--warm-ups', '5', '--data', data ?? '']

async function bench(...options: readonly string[]): Promise<string> {
  const script = join(root, 'bench', 'engines', 'run.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...quick, ...options], { cwd: root })
  return stdout
}

it.skipIf(!data)(
  `the benchmark of engines runs, checks every output and leaves out what is not installed${without}`,
  async () => {
    const { missing, models, classes } = JSON.parse(await bench('--starts', '0', '--json')) as Document
    for (const name of absent) expect(missing[name]).toContain('npm install')
    const engines = models[0]!.engines
    const rivals = new Set(engines.map(({ rival }) => rival))
    expect(rivals).toContain('onnxruntime-web')
    for (const name of Object.keys(peers)) expect(rivals.has(name)).toBe(!absent.includes(name))
    for (const { name, failure, checked, us } of engines)
      expect([name, failure, checked?.right, us!.median > 0]).toEqual([name, undefined, true, true])
    expect(engines.find(({ name }) => name === 'milliwatt simd128')!.checked!.worst).toBe(0)
    expect(classes.flatMap(({ cells }) => cells).every(({ ratio }) => ratio.median > 0)).toBe(true)
  },
  120_000,
)

it.skipIf(!data)(
  'prints tables of some engines',
  async () => {
    const text = await bench('--starts', '1', '--engines', 'simd128,web u8')
    expect(text).toMatch(/^AD \(ad01_int8\): 0\.26 M MACs$/m)
    expect(text).toMatch(/^ {2}milliwatt simd128 +[\d.]+ \([\d.]+-[\d.]+\) .* equal$/m)
    expect(text).toMatch(/^ {2}simd128 against wasm +AD +onnxruntime-web/m)
    expect(text).toMatch(/^ {2}milliwatt simd128( +[\d.]+ \([\d.]+-[\d.]+\))( +[\d.]+){3}$/m)
  },
  60_000,
)
