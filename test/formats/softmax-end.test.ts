import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { segmentIn } from '../../src/formats/forms.ts'
import { readModel, writeModel } from '../../src/formats/list.ts'
import { findSoftmaxEnd, withClass, withMapOutputs } from '../../src/formats/softmax-end.ts'
import type { Graph } from '../../src/graph/graph.ts'

const folder = resolve(import.meta.dirname, '../../models/kws')
const canonical = (bytes: Uint8Array, name: string) => segmentIn(readModel(bytes, name), 'canonical').graph
const shipped = (name: string) => canonical(readFileSync(join(folder, `${name}.onnx`)), name)

/** Features that look like some. */
const features = Float32Array.from({ length: 740 }, (_, n) => 8 * Math.sin(n * n) - (n % 10 === 0 ? 20 : 0))

/** Outputs of a run, as the graph's own values. */
function run(graph: Graph) {
  const model = instantiate(compileGraph(graph).wasm)
  model.inputs[0]!.data.set(features.map((value) => (model.inputs[0]!.dtype === 'float32' ? value : value / 0.4)))
  model.run()
  return model.outputs.map(({ data }) => Float64Array.from(data))
}

const added = (count: number, weight: number, bias: number) => ({
  weights: new Float64Array(count).fill(weight),
  bias,
  highestMeans: [8, 8, 8, 8],
})

describe.each(['ds-cnn-16-float32', 'ds-cnn-16-int8', 'ds-cnn-64-exits-int8'])('a class more behind %s', (name) => {
  const { graph, end } = findSoftmaxEnd(shipped(name))
  const channels = end.maps.reduce((sum, { shape }) => sum + (shape![3] as number), 0)

  it('leaves the scores of the others bit for bit where it says no', () => {
    const [before] = run(graph)
    const [after] = run(withClass(graph, end, added(channels, 0, -500)))
    expect(after).toHaveLength(before!.length + 1)
    expect([...after!.subarray(0, -1)]).toEqual([...before!])
    expect(after!.at(-1)).toBe(0)
  })

  it('scores by the means of the maps', () => {
    const [logits, ...maps] = run(withMapOutputs(graph, end))
    const real = (at: number, value: number) => {
      const { quantization } = [end.logits, ...end.maps][at]!
      return quantization ? quantization.scales[0]! * (value - quantization.zeroPoints[0]!) : value
    }
    const weight = 0.1
    const sums = maps.map((map, at) => {
      const positions = map.length / (end.maps[at]!.shape![3] as number)
      return map.reduce((sum, value) => sum + real(at + 1, value), 0) / positions
    })
    const logit = weight * sums.reduce((sum, value) => sum + value, 0) - 2
    const others = logits!.reduce((sum, value) => sum + Math.exp(real(0, value)), 0)
    const [scores] = run(withClass(graph, end, added(channels, weight, -2)))
    expect(scores!.at(-1)).toBeCloseTo(Math.exp(logit) / (Math.exp(logit) + others), 1)
  })

  it('is the same after it was written as ONNX and read again', () => {
    const more = withClass(graph, end, added(channels, 0.1, -2))
    const again = canonical(writeModel('onnx', toOnnx(more, { activations: 'uint8' })), 'again')
    expect(again.outputs).toEqual(graph.outputs)
    const [a, b] = [run(more)[0]!, run(again)[0]!]
    for (const [at, score] of a.entries()) expect(b[at]).toBeCloseTo(score, 6)
  })

  it('can be added to again', () => {
    const once = withClass(graph, end, added(channels, 0, -500))
    const { graph: second, end: secondEnd } = findSoftmaxEnd(once)
    expect(run(withClass(second, secondEnd, added(channels, 0, -500)))[0]).toHaveLength(10)
  })
})

it('refuses a net that tells no classes', () => {
  const { graph, end } = findSoftmaxEnd(shipped('ds-cnn-16-int8'))
  const headless = { ...graph, outputs: [end.logits.name] }
  expect(() => findSoftmaxEnd(headless)).toThrow(expect.objectContaining({ code: 'MODEL_NO_CLASSES' }))
})
