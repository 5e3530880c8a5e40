import type { TensorSpec, TensorValue } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import type { DataType } from '../graph/graph.ts'

/** What `run` takes: the elements of the only input, or a tensor by name for each input. */
export type ModelInput = TensorValue['data'] | Readonly<Record<string, TensorValue>>

/** The array type that holds elements of a type. */
export const arrayTypes: Partial<
  Record<
    DataType,
    {
      readonly name: string
      readonly BYTES_PER_ELEMENT: number
      new (length: number): TensorValue['data']
      new (buffer: ArrayBuffer): TensorValue['data']
    }
  >
> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
}

/** The shape of an input with every dimension known. @throws MilliwattError INPUT_SHAPE for dynamic ones */
export function knownShape(spec: TensorSpec): readonly number[] {
  if (spec.shape?.every((dimension) => typeof dimension === 'number')) return spec.shape as readonly number[]
  throw new MilliwattError('INPUT_SHAPE', spec.name, 'Its shape is dynamic; export the model with fixed shapes.')
}

function checkData(spec: TensorSpec, shape: readonly number[], data: TensorValue['data']): void {
  const wanted = shape.reduce((product, length) => product * length, 1)
  const type = arrayTypes[spec.dtype]
  if (type && data instanceof type && data.length === wanted) return
  throw new MilliwattError(
    'INPUT_SHAPE',
    spec.name,
    `It wants ${type?.name ?? spec.dtype} of ${wanted} elements (${shape.join('×')}), got ${data.constructor.name} of ${data.length}.`,
  )
}

/** A function that checks an input and names its tensors; made once a model, so that a call costs little. */
export function inputChecker(
  specs: readonly TensorSpec[],
): (input: ModelInput) => Readonly<Record<string, TensorValue>> {
  const shapes = new Map(specs.map((spec) => [spec.name, knownShape(spec)]))
  const named = (input: Readonly<Record<string, TensorValue>>) => {
    for (const spec of specs) {
      const value = input[spec.name]
      if (!value) throw new MilliwattError('INPUT_SHAPE', spec.name, 'This input is missing.')
      checkData(spec, shapes.get(spec.name)!, value.data)
    }
    return input
  }
  const [only] = specs
  return (input) => {
    if (!ArrayBuffer.isView(input)) return named(input)
    if (specs.length !== 1 || !only)
      throw new MilliwattError(
        'INPUT_SHAPE',
        'inputs',
        `The model has ${specs.length}: ${specs.map((s) => s.name).join(', ')}.`,
      )
    const shape = shapes.get(only.name)!
    checkData(only, shape, input)
    return { [only.name]: { dtype: only.dtype, shape, data: input } }
  }
}

/** Deterministic pseudo-random elements in about -1..1 (or the integer type's low range), for timing and checking runs. */
export function sampleInput(specs: readonly TensorSpec[], seed = 1): Readonly<Record<string, TensorValue>> {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  return Object.fromEntries(
    specs.map((spec) => {
      const shape = knownShape(spec)
      const type = arrayTypes[spec.dtype]
      if (!type) throw new MilliwattError('INPUT_SHAPE', spec.name, `Inputs of type ${spec.dtype} are not supported.`)
      const data = new type(shape.reduce((product, length) => product * length, 1))
      const scale = spec.dtype.startsWith('float') ? 1 : 64
      for (let i = 0; i < data.length; i++) {
        const value = next() * scale
        data[i] =
          data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(Math.abs(Math.trunc(value))) : value
      }
      return [spec.name, { dtype: spec.dtype, shape, data }]
    }),
  )
}
