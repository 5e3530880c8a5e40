import type { TensorData, TensorSpec, TensorValue } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import { type DataType, elementCount } from '../graph/graph.ts'
import { maxRunElements } from '../graph/limits.ts'
import { openShapeAdvice } from '../graph/open-shape.ts'

/** What `run` takes: the elements of the only input, or by name a tensor or the elements of each input. */
export type ModelInput = TensorData | Readonly<Record<string, TensorValue | TensorData>>

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

/**
 * The shape of an input or output with every length known.
 * @throws MilliwattError INPUT_SHAPE naming the open dimensions and the option that gives them a length
 */
export function knownShape(spec: TensorSpec): readonly number[] {
  const { name, shape } = spec
  if (!shape) throw new MilliwattError('INPUT_SHAPE', name, 'The model does not say its shape; export it with shapes.')
  const count = elementCount(shape)
  if (count === null)
    throw new MilliwattError('INPUT_SHAPE', name, `Its shape [${shape.join(', ')}] is open: ${openShapeAdvice(shape)}`)
  if (count <= maxRunElements) return shape as readonly number[]
  throw new MilliwattError('INPUT_SHAPE', name, `It has ${count} elements; at most ${maxRunElements} are run.`)
}

/** Checks type and number of a tensor's elements. @throws MilliwattError INPUT_SHAPE */
export function checkData(spec: TensorSpec, shape: readonly number[], data: TensorData): void {
  let wanted = 1
  for (const length of shape) wanted *= length
  const type = arrayTypes[spec.dtype]
  if (type && data instanceof type && data.length === wanted) return
  throw new MilliwattError(
    'INPUT_SHAPE',
    spec.name,
    `It wants ${type?.name ?? spec.dtype} of ${wanted} elements (${shape.join('×')}), got ${nameOf(data)} of ${data.length}.`,
  )
}

const nameOf = (data: TensorData): string => data.constructor?.name ?? typeof data

/** Checks the type and shape that a tensor says of itself. @throws MilliwattError INPUT_SHAPE */
function checkTensor(spec: TensorSpec, shape: readonly number[], value: TensorValue): void {
  const same = value.shape?.length === shape.length && shape.every((length, axis) => length === value.shape[axis])
  if (value.dtype !== spec.dtype || !same) {
    const got = `${value.dtype} [${value.shape?.join(', ')}]`
    throw new MilliwattError('INPUT_SHAPE', spec.name, `It wants ${spec.dtype} [${shape.join(', ')}], got ${got}.`)
  }
  checkData(spec, shape, value.data)
}

type Shapes = ReadonlyMap<string, readonly number[]>

function toTensor(spec: TensorSpec, shapes: Shapes, value: TensorValue | TensorData | undefined): TensorValue {
  const shape = shapes.get(spec.name)!
  if (value === undefined || value === null)
    throw new MilliwattError('INPUT_SHAPE', spec.name, 'This input is missing.')
  if (ArrayBuffer.isView(value)) {
    checkData(spec, shape, value as TensorData)
    return { dtype: spec.dtype, shape, data: value as TensorData }
  }
  checkTensor(spec, shape, value as TensorValue)
  return value as TensorValue
}

function byName(specs: readonly TensorSpec[], input: ModelInput): Exclude<ModelInput, TensorData> {
  const names = specs.map(({ name }) => name)
  const all = `The model has ${names.length}: ${names.join(', ')}.`
  if (!ArrayBuffer.isView(input)) {
    const stranger = Object.keys(input).find((name) => !names.includes(name))
    if (stranger === undefined) return input as Exclude<ModelInput, TensorData>
    throw new MilliwattError('INPUT_SHAPE', stranger, `There is no such input. ${all}`)
  }
  if (names.length !== 1) throw new MilliwattError('INPUT_SHAPE', 'inputs', all)
  return { [names[0]!]: input as TensorData }
}

/**
 * A function that checks an input and names its tensors; made once a model, so that a call costs little.
 * @throws MilliwattError INPUT_SHAPE for wrong types, lengths, ranks and names
 */
export function inputChecker(
  specs: readonly TensorSpec[],
): (input: ModelInput) => Readonly<Record<string, TensorValue>> {
  const shapes: Shapes = new Map(specs.map((spec) => [spec.name, knownShape(spec)]))
  return (input) => {
    const given = byName(specs, input)
    const tensors: Record<string, TensorValue> = {}
    for (const spec of specs) tensors[spec.name] = toTensor(spec, shapes, given[spec.name])
    return tensors
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
