import { activationRange, clamp, integerRange, type Range } from '../activation.ts'
import { multiplyByQuantizedMultiplier, quantizeMultiplier } from '../fixed-point.ts'
import { attribute, type Call, input, isFloat, type Kernel, numeric, output, scale, zeroPoint } from '../kernel.ts'

/** Arithmetic of the two products of SVDF, in floats or in fixed point. */
interface Steps {
  readonly product: (a: number, b: number) => number
  readonly add: (a: number, b: number) => number
  readonly toState: (sum: number) => number
  readonly toOutput: (sum: number) => number
  readonly stateZero: number
  readonly inputZero: number
}

function floatSteps(range: Range): Steps {
  return {
    product: (a, b) => Math.fround(a * b),
    add: (a, b) => Math.fround(a + b),
    toState: (sum) => sum,
    toOutput: (sum) => clamp(sum, range),
    stateZero: 0,
    inputZero: 0,
  }
}

/** Both factors are products and quotients in float32. */
function integerSteps(call: Call): Steps {
  const [x, feature, time, state, out] = [input(call, 0), input(call, 1), input(call, 2), input(call, 4), output(call)]
  const factor = (a: number, b: number, c: number) => quantizeMultiplier(Math.fround(Math.fround(a * b) / c))
  const [first, second] = [
    factor(scale(x), scale(feature), scale(state)),
    factor(scale(state), scale(time), scale(out)),
  ]
  const saturate = (sum: number, zero: number, range: Range) => clamp(sum + zero, range)
  return {
    product: (a, b) => a * b,
    add: (a, b) => a + b,
    toState: (sum) =>
      saturate(multiplyByQuantizedMultiplier(sum | 0, first), zeroPoint(state), integerRange(state.tensor.dtype)),
    toOutput: (sum) =>
      saturate(multiplyByQuantizedMultiplier(sum | 0, second), zeroPoint(out), integerRange(out.tensor.dtype)),
    stateZero: zeroPoint(state),
    inputZero: zeroPoint(x),
  }
}

/** Shifts every filter's memory by one and puts the newest feature at its end. */
function remember(call: Call, steps: Steps): void {
  const [x, feature, state] = [input(call, 0), input(call, 1), input(call, 4)]
  const [filters, depth] = feature.shape as readonly [number, number]
  const memory = input(call, 2).shape[1]!
  const [source, weights, cells] = [numeric(call, x), numeric(call, feature), numeric(call, state)]
  cells.copyWithin(0, 1)
  for (let row = 0; row < x.shape[0]! * filters; row++) {
    const [batch, filter] = [Math.floor(row / filters), row % filters]
    let sum = 0
    for (let c = 0; c < depth; c++)
      sum = steps.add(sum, steps.product(weights[filter * depth + c]!, source[batch * depth + c]! - steps.inputZero))
    cells[row * memory + memory - 1] = steps.toState(sum)
  }
}

/** SVDF of floats or int8, with its state as fifth input, which the kernel changes. */
export const svdf: Kernel = (call) => {
  const [x, time, out] = [input(call, 0), input(call, 2), output(call)]
  const steps = isFloat(x) ? floatSteps(activationRange(call, out)) : integerSteps(call)
  remember(call, steps)
  const [filters, memory] = time.shape as readonly [number, number]
  const rank = attribute(call, 'rank')
  const units = filters / rank
  const [weights, cells, data] = [numeric(call, time), numeric(call, input(call, 4)), numeric(call, out)]
  const bias = call.inputs[3]?.data
  for (let at = 0; at < data.length; at++) {
    const [batch, unit] = [Math.floor(at / units), at % units]
    let sum = bias ? Number(bias[unit]!) : 0
    for (let filter = unit * rank; filter < (unit + 1) * rank; filter++) {
      let dot = 0
      for (let m = 0; m < memory; m++)
        dot = steps.add(
          dot,
          steps.product(
            weights[filter * memory + m]!,
            cells[(batch * filters + filter) * memory + m]! - steps.stateZero,
          ),
        )
      sum = steps.add(sum, dot)
    }
    data[at] = steps.toOutput(sum)
  }
}
