import { input, type Kernel, output } from '../kernel.ts'

/** CAST between number types: floats are cut towards zero, integers wrap. */
export const cast: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const wide = out.data instanceof BigInt64Array || out.data instanceof BigUint64Array
  const bool = out.tensor.dtype === 'bool'
  for (let at = 0; at < x.data.length; at++) {
    const value = x.data[at]!
    const plain = bool ? Number(value !== 0 && value !== 0n) : value
    out.data[at] = (wide ? BigInt(typeof plain === 'number' ? Math.trunc(plain) : plain) : Number(plain)) as never
  }
}
