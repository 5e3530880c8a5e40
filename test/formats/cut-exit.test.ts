import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cutAtExit } from '../../src/formats/cut-exit.ts'
import { segmentIn } from '../../src/formats/forms.ts'
import { readModel } from '../../src/formats/list.ts'
import { modelFacts } from '../../src/graph/facts.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import type { Values } from '../../src/graph/reference/values.ts'
import { randomNumbers } from './convert-support.ts'

const kws = (name: string) =>
  readModel(readFileSync(resolve(import.meta.dirname, '../../models/kws', `${name}.onnx`)), name)

describe('cutAtExit', () => {
  it.each(['ds-cnn-64-exits-int8', 'ds-cnn-64-exits-float32'])(
    'gives two parts of %s that compute together what the whole does',
    (name) => {
      const whole = kws(name)
      const { first, rest } = cutAtExit(whole, 'early')
      expect(first.graph.inputs).toEqual(whole.graph.inputs)
      expect(first.graph.outputs).toContain('early')
      expect(rest.graph.outputs).toEqual(['scores'])
      expect(rest.graph.inputs.every((input) => first.graph.outputs.includes(input))).toBe(true)
      const next = randomNumbers(5)
      const input = Float32Array.from({ length: 740 }, () => 20 * next() - 10)
      const values = interpret(first.graph, [input], 'fp32')
      const given = rest.graph.inputs.map((border) => values.get(border) as Values)
      const end = interpret(rest.graph, given, 'fp32')
      const all = interpret(segmentIn(whole, 'canonical').graph, [input], 'fp32')
      expect(values.get('early')).toEqual(all.get('early'))
      expect(end.get('scores')).toEqual(all.get('scores'))
      expect(modelFacts(first.graph).macs! + modelFacts(rest.graph).macs!).toBe(modelFacts(whole.graph).macs)
    },
  )

  it('refuses an output that there is not, and one that needs all of the model', () => {
    const code = 'CUT_ILLEGAL'
    const refused = (name: string, output: string) => {
      try {
        return cutAtExit(kws(name), output)
      } catch (error) {
        return error
      }
    }
    expect(refused('ds-cnn-64-exits-int8', 'late')).toMatchObject({
      code,
      detail: expect.stringContaining('scores, early'),
    })
    expect(refused('ds-cnn-16-int8', 'scores')).toMatchObject({ code, detail: expect.stringContaining('needs all') })
  })
})
