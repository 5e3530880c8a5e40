import { describe, expect, it } from 'vitest'
import { MilliwattError } from '../../src/core/errors.ts'
import { checkShapes } from '../../src/graph/check-shapes.ts'
import type { Tensor } from '../../src/graph/graph.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

/** What the check says of the small network with one tensor's shape changed. */
function faultWith(name: string, shape: Tensor['shape']): string | undefined {
  const graph = smallNetwork()
  const tensors = new Map(graph.tensors).set(name, { ...graph.tensors.get(name)!, shape })
  try {
    checkShapes({ ...graph, tensors }, 'test')
  } catch (error) {
    if (error instanceof MilliwattError && error.code === 'MODEL_ILLEGAL') return error.detail
    throw error
  }
  return undefined
}

describe('check of shapes', () => {
  it('passes what fits and what is open', () => {
    expect(faultWith('x', [1, 6, 5, 2])).toBeUndefined()
    expect(faultWith('x', ['?', 6, 5, 2])).toBeUndefined()
    expect(faultWith('c', null)).toBeUndefined()
  })

  it('names the node whose shapes do not fit', () => {
    expect([
      faultWith('x', [1, 6, 5, 3]),
      faultWith('w', [54]),
      faultWith('b', [4]),
      faultWith('c', [1, 4, 3, 3]),
      faultWith('v', [4, 5]),
      faultWith('y', [1, 5]),
    ]).toEqual([
      'Node "conv_2d#0" has weights [3,3,3,2] that do not fit 3 input channels.',
      'Node "conv_2d#0" wants ranks of 4, not [1,6,5,2] by [54].',
      'Node "conv_2d#0" has a bias [4] that does not fit [3,3,3,2].',
      'Node "conv_2d#0" makes [1,3,3,3], but tensor "c" is [1,4,3,3].',
      'Node "fully_connected#3" has weights [4,5] that do not fit an input [1,3].',
      'Node "softmax#4" makes [1,4], but tensor "y" is [1,5].',
    ])
  })
})
