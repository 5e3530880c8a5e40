import { numberAttribute } from '../../graph.ts'
import { clamp, integerRange, type Range } from '../activation.ts'
import { multiplyByQuantizedMultiplier, multiplyWideByQuantizedMultiplier, quantizeMultiplier } from '../fixed-point.ts'
import { logistic16, powerOfTwo, tanh16 } from '../int16-tables.ts'
import { type Call, input, numeric, type Operand, scale, unsupported, zeroPoint } from '../kernel.ts'

/** Sums of products of one gate. */
interface GateProducts {
  add(sum: number, value: number, weightIndex: number): number
  finish(sum: number, unit: number): number
}

/** How a cell computes: in floats, or in steps of its quantised tensors. */
export interface CellArithmetic {
  products(x: Operand, weights: Operand, bias: Operand | null): GateProducts
  /** Sum of what the input and the last output give. */
  join(onInput: number, onOutput: number): number
  sigmoid(x: number): number
  tanh(x: number): number
  /** forget · cell + input · new, clipped. */
  remember(forget: number, cell: number, input: number, fresh: number): number
  /** out · tanh(cell). */
  give(out: number, cell: number): number
}

const biasAt = (bias: Operand | null) => (unit: number) => (bias ? Number(bias.data[unit]!) : 0)

const round = Math.fround

/** Floats, rounded to float32 after every step. */
export function floatCell(call: Call): CellArithmetic {
  const clip = numberAttribute(call.node, 'cellClip', 0)
  const range: Range = clip > 0 ? [-clip, clip] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const tanh = (x: number) => round(Math.tanh(x))
  return {
    products: (_x, weights, bias) => {
      const [values, offset] = [numeric(call, weights), biasAt(bias)]
      return {
        add: (sum, value, index) => round(sum + round(value * values[index]!)),
        finish: (sum, unit) => round(sum + offset(unit)),
      }
    },
    join: (a, b) => round(a + b),
    sigmoid: (x) => round(1 / (1 + Math.exp(-x))),
    tanh,
    remember: (forget, cell, gate, fresh) => clamp(round(round(forget * cell) + round(gate * fresh)), range),
    give: (out, cell) => round(out * tanh(cell)),
  }
}

const wide: Range = [-32768, 32767]
const q15 = 2 ** -15
const q12 = 2 ** -12

function gateProducts(call: Call, x: Operand, weights: Operand, bias: Operand | null): GateProducts {
  const [values, offset] = [numeric(call, weights), biasAt(bias)]
  const [zero, weightZero] = [zeroPoint(x), zeroPoint(weights)]
  const factor = quantizeMultiplier(round(scale(x) * scale(weights)) / q12)
  const multiply = x.tensor.dtype === 'int16' ? multiplyWideByQuantizedMultiplier : multiplyByQuantizedMultiplier
  return {
    add: (sum, value, index) => sum + (value - zero) * (values[index]! - weightZero),
    finish: (sum, unit) => multiply(sum + offset(unit), factor),
  }
}

/** Product of two numbers in Q0.15, or of one and the cell, in steps of another scale. */
function product(real: number): (a: number, b: number) => number {
  const factor = quantizeMultiplier(real)
  return (a, b) => multiplyByQuantizedMultiplier(a * b, factor)
}

/**
 * int8 (or int16) with a 16-bit cell whose scale is a power of two; gates in Q3.12, their results in Q0.15. Both
 * semantics compute as TensorFlow Lite Micro; TensorFlow Lite itself has another logistic function here.
 */
export function integerCell(call: Call): CellArithmetic {
  const [hidden, cell] = [input(call, 18), input(call, 19)]
  const power = powerOfTwo(scale(cell))
  if (power === null || cell.tensor.dtype !== 'int16')
    throw unsupported(call, 'with a cell that is not int16 with a power of two as scale is missing')
  const kept = product((q15 * scale(cell)) / scale(cell))
  const [added, given] = [product((q15 * q15) / scale(cell)), product((q15 * q15) / scale(hidden))]
  const clip = numberAttribute(call.node, 'cellClip', 0)
  const steps = Math.trunc(clamp(clip / scale(cell), wide))
  const clipped: Range = clip > 0 ? [-steps, steps] : wide
  const saturate = (value: number) => clamp(value, wide)
  const inTable = power < -12 ? { multiplier: 3, shift: -12 - power } : { multiplier: 3 << (12 + power), shift: 0 }
  const gate = { multiplier: 3, shift: 0 }
  return {
    products: (x, weights, bias) => gateProducts(call, x, weights, bias),
    join: (a, b) => saturate(saturate(a) + saturate(b)),
    sigmoid: (x) => logistic16(x, gate),
    tanh: (x) => tanh16(x, gate),
    remember: (forget, value, open, fresh) =>
      clamp(saturate(saturate(kept(forget, value)) + saturate(added(open, fresh))), clipped),
    give: (out, value) =>
      clamp(given(out, tanh16(value, inTable)) + zeroPoint(hidden), integerRange(hidden.tensor.dtype)),
  }
}
