import { describe, expect, it } from 'vitest'
import { chainGraph, parallelGraph } from '../../src/cost/bench-graph.ts'
import { benches } from '../../src/cost/bench-layers.ts'
import { tours } from '../../src/cost/bench-tours.ts'
import { graphWork } from '../../src/cost/node-work.ts'
import { checkShapes } from '../../src/graph/check-shapes.ts'
import { checkGraph } from '../../src/graph/spec.ts'

describe('microbenchmarks', () => {
  it('have names of their own and legal graphs whose shapes follow from one another', () => {
    expect(new Set(benches.map(({ name }) => name)).size).toBe(benches.length)
    for (const { name, layers, dtype } of benches) {
      const graph = checkGraph(chainGraph(layers, dtype), name)
      expect(() => checkShapes(graph, name)).not.toThrow()
      expect(graph.nodes).toHaveLength(layers.length)
    }
  })

  it('hold every layer once in tours, each a node with a border of its own', () => {
    const names = tours.flatMap(({ layers }) => layers.map(({ name }) => name))
    expect(new Set(names).size).toBe(names.length)
    const tour = tours[0]!
    const graph = parallelGraph(
      tour.layers.map(({ layer }) => layer),
      tour.dtype,
    )
    expect(() => checkShapes(checkGraph(graph, 'tour'), 'tour')).not.toThrow()
    expect(graph.inputs).toHaveLength(tour.layers.length)
  })

  it('cover what small models are made of, in both types', () => {
    const kinds = new Set(
      benches.flatMap(({ layers, dtype }) =>
        graphWork(chainGraph(layers, dtype)).map((work) => `${work.family} ${work.dtype}`),
      ),
    )
    for (const family of [
      'conv 1x1',
      'conv kxk',
      'conv stem',
      'depthwise',
      'depthwise odd',
      'fully connected',
      'pool',
      'add',
      'softmax',
    ])
      for (const dtype of ['int8', 'float32']) expect(kinds).toContain(`${family} ${dtype}`)
  })
})
