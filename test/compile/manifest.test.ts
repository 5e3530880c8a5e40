import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import { manifestSection } from '../../src/compile/manifest.ts'
import { FunctionBuilder } from '../../src/compile/wasm/function.ts'
import { ModuleBuilder } from '../../src/compile/wasm/module.ts'
import { isMilliwattError } from '../../src/core/errors.ts'
import { openCompiledModule } from '../../src/loop/compiled-module.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const { wasm, manifest } = compileGraph(smallNetwork(), { simd: 'scalar' })

/** A module of one page that does nothing, with this text for a manifest. */
function moduleWith(text: string, memoryBytes = 65536): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder()
  module.add(new FunctionBuilder([], []), 'run')
  return module.bytes(memoryBytes, [], { name: manifestSection, content: new TextEncoder().encode(text) })
}

const refusal = (bytes: Uint8Array): string => {
  try {
    openCompiledModule(bytes, 'some.wasm')
  } catch (error) {
    if (isMilliwattError(error)) return `${error.code} ${error.detail}`
    throw error
  }
  return 'opened'
}

const [input] = manifest.inputs
const changed = (change: object) => refusal(moduleWith(JSON.stringify({ ...manifest, ...change })))
const changedInput = (change: object) => changed({ inputs: [{ ...input, ...change }] })
const refused = (what: string) => `MODEL_ILLEGAL It is no module of "milliwatt compile": its manifest has ${what}.`

describe('modules of others', () => {
  it('are opened when they fit their manifest', () => {
    expect(changed({})).toBe('opened')
    expect(refusal(wasm)).toBe('opened')
  })

  it.each([
    [{ version: 2 }, 'version 2; this milliwatt reads version 1'],
    [{ version: undefined }, 'version undefined; this milliwatt reads version 1'],
    [{ name: 1 }, 'no name'],
    [{ semantics: 'other' }, 'the semantics other'],
    [{ simd: 'avx' }, 'the instructions avx'],
    [{ arenaBytes: -1 }, 'arenaBytes -1'],
    [{ layers: null }, 'no list of layers'],
    [{ layers: [{ name: 'x' }] }, 'a layer 0 without name, operator or kernel'],
    [{ layers: [{ ...manifest.layers[0], macs: 0.5 }] }, 'a layer 0 with macs 0.5'],
    [{ inputs: 'none' }, 'no list of inputs'],
    [{ outputs: undefined }, 'no list of outputs'],
    [{ inputs: [input, input] }, 'two inputs of one name'],
    [{ inputs: [null] }, 'a tensor without a name'],
  ])('are refused by the manifest’s %j', (change, what) => {
    expect(changed(change)).toBe(refused(what))
  })

  it.each([
    [{ dtype: 'string' }, 'the type string'],
    [{ dtype: 'toString' }, 'the type toString'],
    [{ shape: [0, 6] }, 'the shape [0, 6]'],
    [{ shape: [-1] }, 'the shape [-1]'],
    [{ shape: [1.5] }, 'the shape [1.5]'],
    [{ shape: [2 ** 40, 2 ** 40] }, `the shape [${2 ** 40}, ${2 ** 40}]`],
    [{ shape: 'wide' }, 'no shape'],
    [{ shape: Array.from({ length: 99 }, () => 1) }, 'no shape'],
    [{ scale: 0 }, 'the scale 0'],
    [{ scale: null }, 'the scale null'],
    [{ zeroPoint: 128 }, 'the zero point 128'],
    [{ offset: -16 }, 'the offset -16, which is no multiple of 1'],
    [{ offset: 65500 }, 'bytes 65500 to 65560 of a memory of 65536'],
    [{ offset: 2 ** 53 }, `the offset ${2 ** 53}, which is no multiple of 1`],
    [{ dtype: 'float32', zeroPoint: 0, offset: 18 }, 'the offset 18, which is no multiple of 4'],
  ])('are refused by an input’s %j', (change, what) => {
    expect(changedInput(change)).toBe(refused(`tensor "x" with ${what}`))
  })

  it('are refused when they are no modules, cut, or export something else', () => {
    const builder = new ModuleBuilder()
    builder.add(new FunctionBuilder([], []), 'walk')
    const content = new TextEncoder().encode(JSON.stringify(manifest))
    expect(refusal(builder.bytes(65536, [], { name: manifestSection, content }))).toContain('no function "run"')
    expect(refusal(builder.bytes(65536, [], { name: 'other', content }))).toContain('it holds no manifest')
    expect(refusal(moduleWith('{'))).toMatch(/^MODEL_ILLEGAL It is no module of "milliwatt compile": .*JSON/)
    expect(refusal(moduleWith('null'))).toBe(refused('nothing inside'))
    for (let cut = 0; cut < 200; cut++)
      expect(refusal(wasm.subarray(0, Math.floor((cut * wasm.length) / 200)))).toMatch(/^MODEL_ILLEGAL /)
  })

  it('are refused when their memory can grow', () => {
    const bytes = moduleWith(JSON.stringify(manifest))
    const fixed = [5, 4, 1, 1, 1, 1]
    const at = bytes.findIndex((_, index) => fixed.every((byte, offset) => bytes[index + offset] === byte))
    const growing = Uint8Array.from([...bytes.subarray(0, at), 5, 3, 1, 0, 1, ...bytes.subarray(at + fixed.length)])
    expect(refusal(growing)).toContain('its memory has no fixed size')
  })

  it('never give another error than a refusal, whatever the manifest says', () => {
    const paths = ['version', 'inputs', 'outputs', 'layers', 'simd', 'arenaBytes'] as const
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        expect(changed({ [path]: value })).toMatch(/^(opened|MODEL_ILLEGAL |BACKEND_UNAVAILABLE )/)
      }),
      { numRuns: 500 },
    )
    const fields = ['name', 'dtype', 'shape', 'offset', 'scale', 'zeroPoint'] as const
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
        expect(changedInput({ [field]: value })).toMatch(/^(opened|MODEL_ILLEGAL )/)
      }),
      { numRuns: 500 },
    )
  })

  it('show the layers that they export and no others', () => {
    expect(instantiate(wasm).layers.every((layer) => layer === null)).toBe(true)
    const { layers } = instantiate(compileGraph(smallNetwork(), { layers: true }).wasm)
    expect(layers.map((layer) => layer !== null)).toEqual([true, true, false, true, true])
  })
})
