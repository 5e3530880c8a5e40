import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret, type State } from '../../src/graph/reference/interpret.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import { largestDifference } from '../formats/convert-support.ts'
import { bytes, floatLstm, floatRnn, floats, int8Lstm, sizes } from '../support/recurrent-graphs.ts'

/** The largest difference between the compiled layer and the interpreter over runs one after another. */
function difference(graph: Graph, inputs: readonly Values[]): number {
  const model = instantiate(compileGraph(graph).wasm)
  const state: State = new Map()
  return Math.max(
    ...inputs.map((x) => {
      model.inputs[0]!.data.set(x as never)
      model.run()
      return largestDifference(interpret(graph, [x], 'tflm', state).get('y')!, model.outputs[0]!.data)
    }),
  )
}

describe('recurrent layers, compiled', () => {
  it.each(sizes)('equal the interpreter, $batches × $steps, with their state', (size) => {
    const length = size.batches * size.steps * size.depth
    const runs = [1, 2, 3, 4]
    for (const clip of [0, 0.5]) {
      const real = runs.map(() => floats(length, 2))
      expect(difference(floatLstm(size, clip), real)).toBeLessThan(1e-6)
      for (const power of [-9, -11, -12, -13, -15]) {
        const steps = runs.map(() => bytes(length))
        expect(difference(int8Lstm(size, clip, power), steps)).toBe(0)
      }
    }
    const small = runs.map(() => floats(length, 1))
    expect(difference(floatRnn(size), small)).toBeLessThan(1e-5)
  })
})
