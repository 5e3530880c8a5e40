import type { DataType, Dimension, Tensor } from '../../graph/graph.ts'
import { maxElements, maxRank } from '../../graph/limits.ts'
import type { Quantization } from '../../graph/quantization.ts'
import { IllegalModel } from './faults.ts'
import { readInt8, readInt32, readInteger64, readUint8, readUint32, type Table } from './table.ts'
import { dataTypeOf } from './types.ts'
import { readBytes, readFloat32s, readInt32s, readInteger64s, readTable } from './vectors.ts'

/** The shape of a tensor; a length that is open until the model runs is `?`. */
function readShape(table: Table, name: string): readonly Dimension[] {
  const lengths = readInt32s(table, 0) ?? []
  if (lengths.length > maxRank) throw new IllegalModel(`tensor "${name}" has ${lengths.length} dimensions`)
  const bad = lengths.find((length) => length < -1)
  if (bad !== undefined) throw new IllegalModel(`tensor "${name}" has the dimension ${bad}`)
  if (lengths.reduce((count, length) => count * Math.abs(length), 1) > maxElements)
    throw new IllegalModel(`tensor "${name}" has more than ${maxElements} elements`)
  return lengths.map((length) => (length === -1 ? '?' : length))
}

const ranges: Partial<Record<DataType, readonly [number, number]>> = {
  int4: [-8, 7],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
}

function checkAxis(scales: number, axis: number, shape: readonly Dimension[], name: string): void {
  if (scales === 1 || shape[axis] === scales) return
  throw new IllegalModel(
    `tensor "${name}" has ${scales} scales along axis ${axis}, whose length is ${shape[axis] ?? 'not there'}`,
  )
}

function checkValues(quantization: Quantization, dtype: DataType, name: string): void {
  const scale = quantization.scales.find((value) => !(value > 0 && value < Number.POSITIVE_INFINITY))
  if (scale !== undefined) throw new IllegalModel(`tensor "${name}" has the scale ${scale}`)
  const [low, high] = ranges[dtype] ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
  const zero = quantization.zeroPoints.find((value) => value < low || value > high)
  if (zero !== undefined) throw new IllegalModel(`tensor "${name}" (${dtype}) has the zero point ${zero}`)
}

/** Affine quantisation of a tensor; null for floats and plain integers. A float's scales have no meaning. */
function readQuantization(
  table: Table,
  dtype: DataType,
  shape: readonly Dimension[],
  name: string,
): Quantization | null {
  const parameters = readTable(table, 4)
  if (!parameters || dtype.startsWith('float')) return null
  if (readUint8(parameters, 4) !== 0) throw new IllegalModel(`tensor "${name}" has a quantisation of its own kind`)
  const scales = readFloat32s(parameters, 2) ?? []
  if (scales.length === 0) return null
  const zeroPoints = readInteger64s(parameters, 3) ?? scales.map(() => 0)
  if (zeroPoints.length !== scales.length)
    throw new IllegalModel(`tensor "${name}" has ${scales.length} scales, but ${zeroPoints.length} zero points`)
  const axis = readInt32(parameters, 6)
  checkAxis(scales.length, axis, shape, name)
  const quantization = { scales, zeroPoints, axis: scales.length === 1 ? null : axis }
  checkValues(quantization, dtype, name)
  return quantization
}

function readData(buffers: readonly Table[], index: number, name: string): Uint8Array | null {
  const buffer = buffers[index]
  if (!buffer && index === 0) return null
  if (!buffer) throw new IllegalModel(`tensor "${name}" lies in buffer ${index} of ${buffers.length}`)
  const offset = readInteger64(buffer, 1)
  if (offset <= 1) {
    const data = readBytes(buffer, 0)
    return data && data.length > 0 ? data : null
  }
  const end = offset + readInteger64(buffer, 2)
  const { bytes } = buffer.file
  if (end > bytes.length || end < offset)
    throw new IllegalModel(`tensor "${name}" lies outside the file, at ${offset} to ${end}`)
  return end > offset ? bytes.subarray(offset, end) : null
}

/** Names must differ and not be empty: the others get their index. */
export function uniqueName(name: string, index: number, taken: ReadonlySet<string>): string {
  let unique = name === '' ? `tensor#${index}` : name
  while (taken.has(unique)) unique += `#${index}`
  return unique
}

/** Which lengths the file leaves open besides those that it records (shape_signature); null when there are none. */
function readSignature(table: Table, shape: readonly Dimension[]): readonly Dimension[] | null {
  const lengths = readInt32s(table, 7) ?? []
  const open = lengths.length === shape.length && lengths.some((length, axis) => length < 0 && shape[axis] !== '?')
  return open ? lengths.map((length) => (length < 0 ? '?' : length)) : null
}

/**
 * Reads one tensor of a subgraph.
 * @throws IllegalModel for shapes, quantisation and buffers that break a rule
 */
export function readTensor(table: Table, buffers: readonly Table[], name: string): Tensor {
  const dtype = dataTypeOf(readInt8(table, 1))
  const shape = readShape(table, name)
  if (readTable(table, 6)) throw new IllegalModel(`tensor "${name}" is sparse, which is not supported`)
  const data = readData(buffers, readUint32(table, 2), name)
  const signature = readSignature(table, shape)
  const quantization = readQuantization(table, dtype, shape, name)
  return {
    name,
    dtype,
    shape,
    ...(data ? { data } : {}),
    ...(signature ? { signature } : {}),
    ...(quantization ? { quantization } : {}),
    ...(readUint8(table, 5) ? { variable: true as const } : {}),
  }
}
