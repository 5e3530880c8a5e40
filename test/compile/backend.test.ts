import { describe, expect, it } from 'vitest'
import { firstUnsupported } from '../../src/backends/backend.ts'
import { compiled } from '../../src/backends/compiled.ts'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Device } from '../../src/core/device.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { canonicalGraph, node, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const segment = { graph: smallNetwork(), source: { format: 'tflite', bytes: new Uint8Array(0) } }
const cpu = { kind: 'cpu' } as Device

describe('compiled backend', () => {
  it('runs a network as the compiled module does, and outputs belong to the caller', async () => {
    expect(firstUnsupported(compiled, segment, cpu)).toBeNull()
    await using executable = await compiled.prepare(segment, cpu, fakeHost())
    const data = Int8Array.from({ length: 60 }, (_, index) => index * 4 - 120)
    const run = () => executable.run({ x: { dtype: 'int8', shape: [1, 6, 5, 2], data } })
    const first = await run()
    const model = instantiate(compileGraph(segment.graph).wasm)
    model.inputs[0]!.data.set(data)
    model.run()
    expect(first.y!.data).toEqual(model.outputs[0]!.data)
    expect((await run()).y!.data).not.toBe(first.y!.data)
  })

  it('says of the node that cannot be compiled why, and of no other', () => {
    const tensors = [
      tensor('a', 'float32', [2, 3]),
      tensor('b', 'float32', [2, 3]),
      tensor('p', 'int32', [2]),
      tensor('y', 'float32', [3, 2]),
    ]
    const nodes = [node('relu', ['a'], ['b']), node('transpose', ['b', 'p'], ['y'])]
    const moved = { ...segment, graph: canonicalGraph(tensors, nodes, ['a', 'p'], ['y']) }
    expect(compiled.supports(moved.graph.nodes[0]!, cpu, moved)).toEqual({ ok: true })
    expect(firstUnsupported(compiled, moved, cpu)).toBe('transpose "transpose#1": "p" is not constant')
  })

  it('refuses inputs of another type or length', async () => {
    await using executable = await compiled.prepare(segment, cpu, fakeHost())
    const short = { x: { dtype: 'int8', shape: [1], data: new Int8Array(1) } } as const
    await expect(executable.run(short)).rejects.toMatchObject({ code: 'INPUT_SHAPE' })
    await expect(executable.run({})).rejects.toMatchObject({ code: 'INPUT_SHAPE' })
  })
})
