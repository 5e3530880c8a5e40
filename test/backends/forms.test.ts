import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { segmentSpecs } from '../../src/backends/backend.ts'
import { segmentIn } from '../../src/formats/forms.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { originOf } from '../../src/graph/segment.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const keywords = resolve(import.meta.dirname, '../../models/kws/ds-cnn-16-int8.onnx')
const fromOnnx = readModel(readFileSync(keywords), 'kws')
const fromTflite = readModel(writeTflite(smallNetwork()), 'small')

describe('forms of a model', () => {
  it('leaves what fits as it is, and converts once', () => {
    expect(segmentIn(fromOnnx, 'onnx')).toBe(fromOnnx)
    expect(segmentIn(fromTflite, 'tflite')).toBe(fromTflite)
    expect(segmentIn(fromTflite, 'canonical')).toBe(fromTflite)
    expect(segmentIn(fromTflite, 'onnx')).toBe(segmentIn(fromTflite, 'onnx'))
  })

  it.each([
    ['onnx', fromOnnx],
    ['tflite', fromTflite],
  ] as const)('keeps the borders of a model from %s, and its origin', (origin, segment) => {
    for (const form of ['onnx', 'tflite', 'canonical'] as const) {
      const converted = segmentIn(segment, form)
      expect(segmentSpecs(converted)).toEqual(segmentSpecs(segment))
      expect(originOf(converted)).toBe(origin)
      if (form !== 'canonical') expect(readModel(converted.source.bytes, form).source.format).toBe(form)
    }
  })
})
