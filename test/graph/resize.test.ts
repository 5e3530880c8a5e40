import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { resizeInputs } from '../../src/graph/resize.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { milliwatt } from '../support/cli.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

/** The small network as a converter writes it: batch 1 recorded, the batch of every activation open. */
function openNetwork(): Graph {
  const graph = smallNetwork()
  const tensors = [...graph.tensors].map(
    ([name, tensor]) =>
      [name, tensor.data ? tensor : { ...tensor, signature: ['?', ...tensor.shape!.slice(1)] }] as const,
  )
  return { ...graph, tensors: new Map(tensors) }
}

const folder = temporaryFolder()
const bytes = writeTflite(openNetwork())
const values = Int8Array.from({ length: 180 }, (_, i) => ((i * 97) % 256) - 128)
const expected = [0, 1, 2].flatMap((batch) => [
  ...(interpret(smallNetwork(), [values.slice(60 * batch, 60 * batch + 60)], 'tflm').get('y') as Int8Array),
])

const refusal = (graph: Graph, lengths: Readonly<Record<string, number>>): string => {
  try {
    resizeInputs(graph, lengths)
  } catch (error) {
    if (isMilliwattError(error)) return `${error.code} ${error.detail}`
    throw error
  }
  return 'resized'
}

describe('a recorded shape with open lengths', () => {
  it('is read and written with them', () => {
    expect(readModel(bytes, 'open').graph).toEqual(openNetwork())
  })

  it('stays where no length is given, and follows from the input where one is', () => {
    const graph = openNetwork()
    expect(resizeInputs(graph, { other: 3 })).toBe(graph)
    expect(resizeInputs(graph, { '?': 1 })).toBe(graph)
    const shapes = (lengths: Readonly<Record<string, number>>) =>
      ['x', 'c', 'p', 'r', 'f', 'y'].map((name) => resizeInputs(graph, lengths).tensors.get(name)?.shape?.[0])
    expect(shapes({ '?': 3 })).toEqual([3, 3, 3, 3, 3, 3])
    expect(shapes({ 'x:0': 2 })).toEqual([2, 2, 2, 2, 2, 2])
  })

  it('is not changed where the file or its pads do not allow it', () => {
    const graph = openNetwork()
    expect(refusal(graph, { 'x:1': 9 })).toBe(
      'MODEL_ILLEGAL Dimension 1 cannot be given the length 9: the file does not leave it open.',
    )
    const x = { ...graph.tensors.get('x')!, signature: ['?', '?', 5, 2] }
    expect(refusal({ ...graph, tensors: new Map([...graph.tensors, ['x', x]]) }, { '?': 9 })).toBe(
      'MODEL_ILLEGAL Dimension 1 cannot be given the length 9: only the first dimension (the batch) can be.',
    )
    const closed = new Map([...graph.tensors, ['c', smallNetwork().tensors.get('c')!]])
    expect(refusal({ ...graph, tensors: closed }, { '?': 2 })).toMatch(/^MODEL_ILLEGAL .*makes \[2,3,3,3\]/)
  })

  it.each(['compiled', 'onnxruntime-web'])('runs at the recorded length or at another one on %s', async (backend) => {
    await using runtime = await openRuntimeOn(testHost(folder), { backends: [backend] })
    const one = await runtime.load(bytes)
    expect((await one.runAsync(values.slice(0, 60))).y!.data.length).toBe(4)
    const three = await runtime.load(bytes, { dimensions: { '?': 3 } })
    expect(three.inputs[0]?.shape).toEqual([3, 6, 5, 2])
    const got = [...(await three.runAsync(values)).y!.data].map(Number)
    const apart = got.map((value, i) => Math.abs(value - expected[i]!))
    expect(Math.max(...apart)).toBeLessThanOrEqual(backend === 'compiled' ? 0 : 1)
  })

  it('is shown by inspect, and changed by the flag', async () => {
    writeFileSync(join(folder, 'open.tflite'), bytes)
    const run = (...args: readonly string[]) => milliwatt(args, { cwd: folder, cache: join(folder, 'cache') })
    expect((await run('inspect', 'open.tflite')).stdout).toContain('[1, 6, 5, 2] of [?, 6, 5, 2]')
    const { stdout } = await run('inspect', 'open.tflite', '--json', '--dimensions', '?=3')
    const { inputs, compiled } = JSON.parse(stdout)
    expect(inputs[0]).toMatchObject({ shape: [3, 6, 5, 2], signature: ['?', 6, 5, 2] })
    expect(compiled.ok).toBe(true)
  })
})
