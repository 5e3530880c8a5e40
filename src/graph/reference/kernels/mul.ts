import { activationRange, clamp } from '../activation.ts'
import { input, isFloat, type Kernel, numeric, output, scale, unsupported, zeroPoint } from '../kernel.ts'
import { factorRequantize } from '../requantize.ts'
import { eachPair } from './broadcast.ts'

/** MUL: floats, quantised integers (factor a · b / out, one product in double), plain int32. */
export const mul: Kernel = (call) => {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  const range = activationRange(call, out)
  const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
  if (isFloat(out) || !out.tensor.quantization) {
    const product = isFloat(out) ? (p: number, q: number) => Math.fround(p * q) : Math.imul
    eachPair(call, (i, j, at) => {
      data[at] = clamp(product(x[i]!, y[j]!), range)
    })
    return
  }
  const real =
    call.semantics === 'fp32'
      ? Math.fround(Math.fround(scale(a) * scale(b)) / scale(out))
      : (scale(a) * scale(b)) / scale(out)
  const requantize = factorRequantize(call, real)
  eachPair(call, (i, j, at) => {
    const steps = (x[i]! - zeroPoint(a)) * (y[j]! - zeroPoint(b))
    data[at] = clamp(zeroPoint(out) + requantize(steps, 0), range)
  })
}

/** DIV: floats and plain int32 (towards zero). */
export const div: Kernel = (call) => {
  const [a, b, out] = [input(call, 0), input(call, 1), output(call)]
  if (out.tensor.quantization) throw unsupported(call, 'on quantised integers is missing')
  const range = activationRange(call, out)
  const [x, y, data] = [numeric(call, a), numeric(call, b), numeric(call, out)]
  const quotient = isFloat(out) ? Math.fround : Math.trunc
  eachPair(call, (i, j, at) => {
    data[at] = clamp(quotient(x[i]! / y[j]!), range)
  })
}
