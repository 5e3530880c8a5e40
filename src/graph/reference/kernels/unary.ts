import { input, isFloat, type Kernel, numeric, output, unsupported } from '../kernel.ts'

/** A function of floats, computed in double and rounded to float32. */
const real =
  (one: (x: number) => number): Kernel =>
  (call) => {
    const x = input(call, 0)
    if (!isFloat(x)) throw unsupported(call, `on ${x.tensor.dtype} is missing`)
    const [source, data] = [numeric(call, x), numeric(call, output(call))]
    for (let at = 0; at < source.length; at++) data[at] = Math.fround(one(source[at]!))
  }

/** Functions of one float32 value, by canonical name. */
export const unaryKernels: Readonly<Record<string, Kernel>> = {
  abs: real(Math.abs),
  ceil: real(Math.ceil),
  cos: real(Math.cos),
  elu: real((x) => (x < 0 ? Math.expm1(x) : x)),
  exp: real(Math.exp),
  floor: real(Math.floor),
  log: real(Math.log),
  neg: real((x) => -x),
  rsqrt: real((x) => 1 / Math.sqrt(x)),
  sin: real(Math.sin),
  sqrt: real(Math.sqrt),
  square: real((x) => x * x),
}
