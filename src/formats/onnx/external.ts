import { MilliwattError } from '../../core/errors.ts'
import type { ExternalFiles } from '../format.ts'
import { readFields } from './wire.ts'

/** Where the bytes of a tensor lie outside the model's own file. */
export interface ExternalReference {
  readonly location: string
  readonly offset: number
  /** Null: to the end of the file. */
  readonly length: number | null
}

/** One key and value of TensorProto.external_data (StringStringEntryProto). */
export function readEntry(bytes: Uint8Array): readonly [string, string] {
  let key = ''
  let value = ''
  readFields(bytes, {
    1: (reader) => {
      key = reader.string()
    },
    2: (reader) => {
      value = reader.string()
    },
  })
  return [key, value]
}

function toLength(text: string, key: string, tensor: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isNaN(value)) return value
  throw new MilliwattError('MODEL_DATA', tensor, `Its ${key} is "${text}", which is no number of bytes.`)
}

/** The reference that a tensor's entries make. @throws MilliwattError MODEL_DATA */
export function externalReference(entries: readonly (readonly [string, string])[], tensor: string): ExternalReference {
  const { location, offset = '0', length } = Object.fromEntries(entries)
  if (!location) throw new MilliwattError('MODEL_DATA', tensor, 'The tensor lies in a file that has no name.')
  return {
    location,
    offset: toLength(offset, 'offset', tensor),
    length: length === undefined ? null : toLength(length, 'length', tensor),
  }
}

/** The bytes that a reference means, as a view of the file. @throws MilliwattError MODEL_DATA */
export function externalBytes(files: ExternalFiles, reference: ExternalReference, tensor: string): Uint8Array {
  const { location, offset, length } = reference
  const file = files.get(location)
  if (!file)
    throw new MilliwattError('MODEL_DATA', location, `Tensor "${tensor}" lies in this file; load it by a path.`)
  const end = length === null ? file.length : offset + length
  if (offset <= end && end <= file.length) return file.subarray(offset, end)
  const detail = `Tensor "${tensor}" lies at bytes ${offset} to ${end}, but the file has ${file.length}.`
  throw new MilliwattError('MODEL_DATA', location, detail)
}

/** Location of a TensorProto's bytes; null when they are in the model. */
function locationOf(bytes: Uint8Array): string | null {
  const entries: (readonly [string, string])[] = []
  let external = false
  readFields(bytes, {
    13: (reader) => {
      entries.push(readEntry(reader.bytes()))
    },
    14: (reader) => {
      external = reader.int32() === 1
    },
  })
  return external ? (Object.fromEntries(entries).location ?? '') : null
}

/** Calls `visit` with the bytes of every message that lies along a path of field numbers. */
function visitFields(bytes: Uint8Array, [field, ...rest]: readonly number[], visit: (bytes: Uint8Array) => void): void {
  readFields(bytes, {
    [field!]: (reader) => {
      const inner = reader.bytes()
      if (rest.length === 0) visit(inner)
      else visitFields(inner, rest, visit)
    },
  })
}

/** Names of all files that a ModelProto names, each once; values of Constant nodes may lie outside as well. */
export function externalLocations(bytes: Uint8Array): readonly string[] {
  const found = new Set<string>()
  const note = (tensor: Uint8Array) => {
    const location = locationOf(tensor)
    if (location) found.add(location)
  }
  visitFields(bytes, [7, 5], note)
  visitFields(bytes, [7, 1, 5, 5], note)
  return [...found]
}
