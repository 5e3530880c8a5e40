import { input, type Kernel, numeric, output } from '../kernel.ts'
import { toNumbers } from '../values.ts'

const argument =
  (better: (a: number, b: number) => boolean): Kernel =>
  (call) => {
    const [x, out] = [input(call, 0), output(call)]
    const source = numeric(call, x)
    const given = toNumbers(input(call, 1).data)[0]!
    const axis = given < 0 ? given + x.shape.length : given
    const length = x.shape[axis]!
    const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
    const wide = out.data instanceof BigInt64Array
    for (let at = 0; at < out.data.length; at++) {
      const start = Math.floor(at / inner) * length * inner + (at % inner)
      let best = 0
      for (let i = 1; i < length; i++) if (better(source[start + i * inner]!, source[start + best * inner]!)) best = i
      out.data[at] = (wide ? BigInt(best) : best) as never
    }
  }

/** ARG_MAX and ARG_MIN: the first of equals. */
export const argMax: Kernel = argument((a, b) => a > b)
export const argMin: Kernel = argument((a, b) => a < b)
