import type { TensorSpec, TensorValue } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import { arrayTypes, knownShape } from './input.ts'

/** Cuts raw bytes into the input tensors of one inference after another. */
export interface RawReader {
  /** Bytes of all inputs of one inference. */
  readonly inferenceBytes: number
  /** Inputs by name of the inference that begins at this byte. */
  read(bytes: Uint8Array, at: number): Readonly<Record<string, TensorValue>>
}

function fieldOf(spec: TensorSpec) {
  const type = arrayTypes[spec.dtype]
  if (!type) throw new MilliwattError('INPUT_SHAPE', spec.name, `Raw inputs of type ${spec.dtype} are not supported.`)
  const shape = knownShape(spec)
  const elements = shape.reduce((product, length) => product * length, 1)
  return { spec, type, shape, bytes: elements * type.BYTES_PER_ELEMENT }
}

/**
 * A reader of raw inputs: little-endian elements in row-major order, the inputs of one inference in graph order.
 * @throws MilliwattError INPUT_SHAPE for open shapes and for types without a fixed size
 */
export function rawReader(specs: readonly TensorSpec[]): RawReader {
  const fields = specs.map(fieldOf)
  return {
    inferenceBytes: fields.reduce((sum, { bytes }) => sum + bytes, 0),
    read: (bytes, at) => {
      let from = at
      const inputs: Record<string, TensorValue> = {}
      for (const { spec, type, shape, bytes: length } of fields) {
        const own = new Uint8Array(length)
        own.set(bytes.subarray(from, from + length))
        inputs[spec.name] = { dtype: spec.dtype, shape, data: new type(own.buffer) }
        from += length
      }
      return inputs
    },
  }
}

/**
 * How many inferences a raw input holds.
 * @throws MilliwattError INPUT_SHAPE with both lengths if they are not a whole number, at least one
 */
export function countInferences(bytes: number, inferenceBytes: number, where: string): number {
  const count = bytes / inferenceBytes
  if (Number.isInteger(count) && count >= 1) return count
  const wanted = `one inference wants ${inferenceBytes} bytes, and its length must be a multiple of that`
  throw new MilliwattError('INPUT_SHAPE', where, `It holds ${bytes} bytes; ${wanted}.`)
}

/** The outputs of one inference as bytes, in this order. @throws MilliwattError BACKEND_FAILED if one is missing */
export function outputBytes(
  specs: readonly TensorSpec[],
  outputs: Readonly<Record<string, TensorValue>>,
): readonly Uint8Array[] {
  return specs.map(({ name }) => {
    const data = outputs[name]?.data
    if (!data) throw new MilliwattError('BACKEND_FAILED', name, 'The engine gave no such output.')
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  })
}

/** Parts as one array of bytes. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
