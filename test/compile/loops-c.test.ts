import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate, type RunningModel, type TensorView } from '../../src/compile/instantiate.ts'
import type { LoopsStep } from '../../src/compile/loops/loops.ts'
import { cElement, loopsToC } from '../../src/compile/loops/to-c.ts'
import { lowerGraph } from '../../src/compile/lower/lower.ts'
import { elementBytes, type Program, type Semantics } from '../../src/compile/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { opCases, randomElements } from './op-cases.ts'
import { numbers } from './random-layer.ts'

const compiler = process.env.CC ?? 'cc'
const include = join(import.meta.dirname, '../../firmware-bridge/include')
const hasCompiler = spawnSync(compiler, ['--version']).status === 0

/** A program of loops alone, what it gave in WebAssembly, and its memory before the run. */
interface Sample {
  readonly title: string
  readonly steps: readonly LoopsStep[]
  readonly model: RunningModel
  readonly before: Uint8Array
  readonly outputs: readonly TensorView[]
}

function isLoops(program: Program): program is Program & { readonly steps: readonly LoopsStep[] } {
  return program.steps.every((step) => step.kind === 'loops')
}

function sampleOf(title: string, steps: readonly LoopsStep[], model: RunningModel): Sample {
  const random = numbers(title.length)
  for (const { dtype, data } of model.inputs) data.set(randomElements(dtype, data.length, random) as never)
  const before = new Uint8Array(model.memory).slice()
  model.run()
  return { title, steps, model, before, outputs: model.outputs.map(({ data }) => data.slice()) }
}

/** One sample of every form in which an operator runs as loops. */
function samples(): readonly Sample[] {
  const seen = new Set<string>()
  return opCases.flatMap(({ op, title, graph }) =>
    (['tflm', 'fp32'] as const satisfies readonly Semantics[]).flatMap((semantics) => {
      let program: Program
      try {
        program = lowerGraph(graph, semantics)
      } catch {
        return []
      }
      const form = `${semantics} ${program.steps.map((step) => (step.kind === 'loops' ? step.form : '')).join()}`
      if (!isLoops(program) || program.steps.length === 0 || seen.has(form)) return []
      seen.add(form)
      const model = instantiate(compileGraph(graph, { semantics, keepAll: true }).wasm)
      return [sampleOf(`${op}: ${title}, ${semantics}`, program.steps, model)]
    }),
  )
}

const listOf = (values: ArrayLike<number | bigint>) =>
  Array.from(values, (value) => {
    if (typeof value === 'bigint') return `INT64_C(${value})`
    return Number.isFinite(value) ? String(value) : value > 0 ? 'INFINITY' : value < 0 ? '-INFINITY' : 'NAN'
  }).join(', ')

/** A step as a C function on a memory that is laid out as that of the module. */
function stepInC(step: LoopsStep, name: string, model: RunningModel): string {
  const places: Readonly<Record<string, number>> = model.manifest.values
  const constants: string[] = []
  const pointers = step.buffers.map((buffer, index) => {
    const type = cElement(buffer.dtype)
    if (buffer.kind === 'value') return `((${type} *)(memory + ${places[buffer.value.name]}))`
    const own = `${name}_${index}`
    const list = buffer.kind === 'constant' ? ` = {${listOf(buffer.data)}}` : ''
    const length = buffer.kind === 'constant' ? buffer.data.length : buffer.length
    constants.push(`static ${type} ${own}[${length}]${list};`)
    return own
  })
  return `${constants.join('\n')}\nstatic void ${name}(uint8_t *memory)\n{\n${loopsToC(step, pointers)}\n}\n`
}

function programInC(all: readonly Sample[]): string {
  const parts = all.map(({ steps, model, before, title }, index) => {
    const end = Math.max(...Object.values(model.manifest.values)) + 65536
    const functions = steps.map((step, number) => stepInC(step, `f${index}_${number}`, model))
    const calls = steps.map((_, number) => `f${index}_${number}(memory);`)
    const written = model.outputs.map(
      ({ offset, dtype, data }) => `fwrite(memory + ${offset}, 1, ${data.length * elementBytes(dtype)}, stdout);`,
    )
    const { bytes, offset } = model.manifest.state
    const filled = [
      ...model.inputs.map((input) => [input.offset, input.data.byteLength] as const),
      [offset, bytes] as const,
    ]
      .filter(([, length]) => length > 0)
      .map(([at, length], part) => {
        const own = `i${index}_${part}`
        return [
          `static const uint8_t ${own}[] = {${before.subarray(at, at + length).join(', ')}};`,
          `memcpy(memory + ${at}, ${own}, ${length});`,
        ] as const
      })
    const body = [...filled.map(([, copy]) => copy), ...calls, ...written].join('\n')
    const declared = filled.map(([declaration]) => declaration).join('\n')
    return {
      end,
      text: `/* ${title} */\n${functions.join('')}${declared}\nstatic void run_${index}(void)\n{\n${body}\n}\n`,
    }
  })
  const size = Math.max(...parts.map(({ end }) => end))
  return [
    `#include <stdio.h>\n#include "loops.h"\nstatic _Alignas(16) uint8_t memory[${size}];`,
    ...parts.map(({ text }) => text),
    `int main(void)\n{\n${parts.map((_, index) => `run_${index}();`).join('\n')}\nreturn 0;\n}`,
  ].join('\n')
}

describe.runIf(hasCompiler)('loops in C (needs cc)', () => {
  it('give the bytes that WebAssembly gives, floats included', () => {
    const all = samples()
    expect(all.length).toBeGreaterThan(200)
    const folder = temporaryFolder()
    const [source, binary] = [join(folder, 'loops.c'), join(folder, 'loops')]
    writeFileSync(source, programInC(all))
    const warnings = [
      '-std=c99',
      '-Wall',
      '-Werror',
      '-Wno-div-by-zero',
      '-Wno-unused-function',
      '-Wno-unused-but-set-variable',
    ]
    execFileSync(compiler, [...warnings, '-I', include, '-O1', '-ffp-contract=off', '-o', binary, source, '-lm'])
    const got = execFileSync(binary, { maxBuffer: 1e8 })
    let at = 0
    for (const { title, outputs } of all)
      for (const expected of outputs) {
        const actual = expected.slice()
        new Uint8Array(actual.buffer).set(got.subarray(at, at + expected.byteLength))
        // Bit for bit, but for the sign of what is not a number.
        expect(actual, title).toEqual(expected)
        at += expected.byteLength
      }
    expect(at).toBe(got.length)
  }, 120_000)
})
