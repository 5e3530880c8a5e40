import { describe, expect, it } from 'vitest'
import { type CompileOptions, compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Semantics } from '../../src/compile/program.ts'
import { isMilliwattError } from '../../src/core/errors.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret, type State } from '../../src/graph/reference/interpret.ts'
import { kernels } from '../../src/graph/reference/kernels/list.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import { moreOpCases } from './more-op-cases.ts'
import { randomElements, opCases as theOpCases } from './op-cases.ts'
import { numbers } from './random-layer.ts'

const opCases = [...theOpCases, ...moreOpCases]
const cases = opCases.map(({ op, title, graph }) => [`${op}: ${title}`, graph] as const)

/** Elements for every input of a graph; indices stay within the five places that are gathered from. */
function inputsOf(graph: Graph, random: () => number): readonly Values[] {
  return graph.inputs.map((name) => {
    const tensor = graph.tensors.get(name)!
    const length = (tensor.shape as readonly number[]).reduce((a, b) => a * b, 1)
    const places = graph.nodes[0]!.op === 'gather' && tensor.name === 'i'
    return places ? Int32Array.from({ length }, () => random() * 5) : randomElements(tensor.dtype, length, random)
  })
}

type Results = readonly ReadonlyMap<string, Values>[]

/** Three runs of the interpreter with one state; null for forms that it has not got in these semantics. */
function expectedOf(graph: Graph, inputs: readonly (readonly Values[])[], semantics: Semantics): Results | null {
  const state: State = new Map()
  try {
    return inputs.map((values) => interpret(graph, values, semantics, state))
  } catch (error) {
    if (isMilliwattError(error, 'OP_UNSUPPORTED')) return null
    throw error
  }
}

/** Floats: sums in another order, and functions whose last bit may differ. Integers: none. */
function expectClose(actual: Values, expected: Values): void {
  if (!(expected instanceof Float32Array)) {
    const bytes = ({ buffer, byteOffset, byteLength }: Values) => Buffer.from(buffer, byteOffset, byteLength)
    // Comparing element by element takes seconds where there are many.
    if (actual.constructor !== expected.constructor || !bytes(actual).equals(bytes(expected)))
      expect(actual).toEqual(expected)
    return
  }
  expect(actual.length).toBe(expected.length)
  const far = expected.findIndex((value, at) => {
    const other = actual[at] as number
    return !Object.is(value, other) && !(Math.abs(other - value) <= 2e-6 * Math.abs(value) + 2e-5)
  })
  if (far >= 0) expect(actual[far], `element ${far}`).toBe(expected[far])
}

const semanticsList = ['tflm', 'fp32'] as const satisfies readonly Semantics[]

function expectEqual(graph: Graph, inputs: readonly (readonly Values[])[], expected: Results, options: CompileOptions) {
  const model = instantiate(compileGraph(graph, options).wasm)
  const run = (turn: number) => {
    model.inputs.forEach(({ data }, index) => {
      data.set(inputs[turn]![index] as never)
    })
    model.run()
    for (const { name, data } of model.outputs) expectClose(data, expected[turn]!.get(name)!)
  }
  for (const turn of [0, 1, 2]) run(turn)
  model.reset()
  run(0)
}

describe('every operator and type of the reference interpreter is compiled, and equals it', () => {
  for (const semantics of semanticsList)
    it.each(cases)(`%s, ${semantics}`, (title, graph) => {
      const random = numbers(title.length)
      const inputs = [0, 1, 2].map(() => inputsOf(graph, random))
      const expected = expectedOf(graph, inputs, semantics)
      if (!expected) return
      for (const simd of ['simd128', 'scalar'] as const) expectEqual(graph, inputs, expected, { semantics, simd })
    })

  it('has a case for every operator that the interpreter has, which it runs in some semantics', () => {
    expect([...new Set(opCases.map(({ op }) => op))].sort()).toEqual(Object.keys(kernels).sort())
    for (const [title, graph] of cases) {
      const inputs = [inputsOf(graph, numbers(3))]
      const run = semanticsList.some((semantics) => expectedOf(graph, inputs, semantics) !== null)
      expect(run, title).toBe(true)
    }
  })
})
