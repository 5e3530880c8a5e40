const codes = { Float32Array: '<f4', Float64Array: '<f8', Int16Array: '<i2', Int8Array: '|i1' } as const

type Numbers = Float32Array | Float64Array | Int16Array | Int8Array

/** An array as NumPy saves it (numpy.lib.format). */
export function npyBytes(
  values: Numbers,
  shape: readonly number[],
  { version = 1, fortran = false, descr }: { version?: number; fortran?: boolean; descr?: string } = {},
): Uint8Array {
  const code = descr ?? codes[values.constructor.name as keyof typeof codes]
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${code}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sides}), }`
  const lead = version === 1 ? 10 : 12
  const length = 64 * Math.ceil((lead + text.length + 1) / 64) - lead
  const bytes = Buffer.alloc(lead + length + values.byteLength)
  bytes.write('\x93NUMPY', 'latin1')
  bytes[6] = version
  if (version === 1) bytes.writeUInt16LE(length, 8)
  else bytes.writeUInt32LE(length, 8)
  bytes.write(`${text.padEnd(length - 1)}\n`, lead, 'latin1')
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).copy(bytes, lead + length)
  return new Uint8Array(bytes)
}
