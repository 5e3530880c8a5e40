import { MilliwattError } from '../core/errors.ts'

/** Elements of a NumPy file as float32, row-major, with their shape. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

const magic = '\x93NUMPY'

type Reader = (view: DataView, at: number) => number

/** Element types by NumPy's code, with their bytes. */
const types: Readonly<Record<string, readonly [number, Reader]>> = {
  '<f4': [4, (view, at) => view.getFloat32(at, true)],
  '<f8': [8, (view, at) => view.getFloat64(at, true)],
  '<i2': [2, (view, at) => view.getInt16(at, true)],
  '<i4': [4, (view, at) => view.getInt32(at, true)],
  '|i1': [1, (view, at) => view.getInt8(at)],
  '|u1': [1, (view, at) => view.getUint8(at)],
}

const textOf = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes)

/** The header's dictionary, and where the elements begin. */
function headerOf(bytes: Uint8Array): { readonly text: string; readonly dataAt: number } | null {
  if (bytes.length < 12 || textOf(bytes.subarray(0, 6)) !== magic) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const long = bytes[6]! >= 2
  const [length, at] = long ? [view.getUint32(8, true), 12] : [view.getUint16(8, true), 10]
  return at + length <= bytes.length ? { text: textOf(bytes.subarray(at, at + length)), dataAt: at + length } : null
}

/**
 * Reads a NumPy array file (format versions 1 to 3, numpy.lib.format) of floats or integers, in C order.
 * @param where name for messages
 * @throws MilliwattError CALIBRATION_DATA
 */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const refuse = (detail: string) => new MilliwattError('CALIBRATION_DATA', where, detail)
  const header = headerOf(bytes)
  if (!header) throw refuse('It does not begin like a NumPy file, or ends in its header.')
  const [, descr = ''] = /'descr'\s*:\s*'([^']*)'/.exec(header.text) ?? []
  const [, sides] = /'shape'\s*:\s*\(([^)]*)\)/.exec(header.text) ?? []
  if (sides === undefined) throw refuse('Its header names no shape.')
  if (/'fortran_order'\s*:\s*True/.test(header.text)) throw refuse('It is in Fortran order; save it in C order.')
  const type = Object.hasOwn(types, descr) ? types[descr]! : null
  if (!type) throw refuse(`Its elements are "${descr}"; known are ${Object.keys(types).join(', ')}.`)
  const shape = sides.split(',').flatMap((side) => (side.trim() === '' ? [] : [Number(side)]))
  const count = shape.reduce((product, side) => product * side, 1)
  const [size, read] = type
  if (!Number.isSafeInteger(count) || bytes.length - header.dataAt !== count * size)
    throw refuse(
      `Its shape (${shape.join(', ')}) wants ${count * size} bytes, it holds ${bytes.length - header.dataAt}.`,
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset + header.dataAt, count * size)
  return { shape, values: Float32Array.from({ length: count }, (_, index) => read(view, index * size)) }
}
