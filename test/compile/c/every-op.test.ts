import { describe, expect, it } from 'vitest'
import { renderC } from '../../../src/compile/c/render.ts'
import { compileGraph } from '../../../src/compile/compile.ts'
import { instantiate } from '../../../src/compile/instantiate.ts'
import { lowerGraph } from '../../../src/compile/lower/lower.ts'
import type { Program, Semantics } from '../../../src/compile/program.ts'
import type { Graph } from '../../../src/graph/graph.ts'
import { needs } from '../../support/needs.ts'
import { opCases, randomElements } from '../op-cases.ts'
import { numbers } from '../random-layer.ts'
import { buildAndRun } from './build-and-run.ts'
import { buildsHere } from './builds.ts'

/** A case in one of the forms that it takes, with inputs and what WebAssembly makes of them, run after run. */
interface Sample {
  readonly title: string
  readonly program: Program
  readonly inputs: readonly Uint8Array[]
  readonly outputs: readonly (readonly ArrayLike<number>[])[]
}

const runs = 2

function sampleOf(title: string, graph: Graph, program: Program, semantics: Semantics): Sample {
  const model = instantiate(compileGraph(graph, { semantics, simd: 'scalar', prune: false }).wasm)
  const random = numbers(title.length)
  const [inputs, outputs]: [Uint8Array[], ArrayLike<number>[][]] = [[], []]
  for (let run = 0; run < runs; run++) {
    for (const { dtype, data } of model.inputs) {
      data.set(randomElements(dtype, data.length, random) as never)
      inputs.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice())
    }
    model.run()
    outputs.push(model.outputs.map(({ data }) => data.slice()))
  }
  return { title, program, inputs, outputs }
}

/** A graph as a program; null where the operator has no such form in these semantics. */
function lowered(graph: Graph, semantics: Semantics): Program | null {
  try {
    return lowerGraph(graph, semantics)
  } catch {
    return null
  }
}

/** One case of every form that an operator takes: the kinds of its steps, and of loops the form. */
function samples(): readonly Sample[] {
  const seen = new Set<string>()
  return opCases.flatMap(({ op, title, graph }) =>
    (['tflm', 'fp32'] as const).flatMap((semantics) => {
      const program = lowered(graph, semantics)
      if (!program) return []
      const kinds = program.steps.map((step) => (step.kind === 'loops' ? step.form : step.kind)).join()
      const form = `${semantics} ${op} ${kinds}`
      if (program.steps.length === 0 || program.inputs.length === 0 || seen.has(form)) return []
      seen.add(form)
      return [sampleOf(`${op}: ${title}, ${semantics}`, graph, program, semantics)]
    }),
  )
}

needs('cc')('every operator in C gives what it gives in WebAssembly', () => {
  const all = samples()

  it('has a sample of every operator and form', () => {
    expect(all.length).toBeGreaterThan(300)
  })

  describe.each(buildsHere().slice(0, 2))('$name', ({ target, ...build }) => {
    it('bit for bit, state included; vectors of floats within their rounding', { timeout: 300_000 }, () => {
      const jobs = all.map(({ program, inputs }) => ({ model: renderC(program, { target }), inputs }))
      const results = buildAndRun(jobs, build)
      all.forEach(({ title, outputs, program }, index) => {
        outputs.forEach((tensors, run) => {
          const bytes = results[index]![run]!
          let at = 0
          tensors.forEach((expected, output) => {
            const actual = (expected as Float32Array).slice()
            new Uint8Array(actual.buffer).set(bytes.subarray(at, at + actual.byteLength))
            at += actual.byteLength
            const loops = program.steps.every((step) => step.kind === 'loops')
            if (!(actual instanceof Float32Array) || loops) expect([title, actual]).toEqual([title, expected])
            else
              actual.forEach((value, place) => {
                const wanted = expected[place]!
                const same =
                  Object.is(value, wanted) || Math.abs(value - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted))
                expect([title, output, place, value, wanted, same].at(-1), `${title}: ${value} for ${wanted}`).toBe(
                  true,
                )
              })
          })
        })
      })
    })
  })
})
