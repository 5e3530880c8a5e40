import type { OpDef, Shape } from './op-def.ts'

const unary = (op: string): OpDef => ({ op, outputShape: ({ shapes: [input] }) => input ?? null })

/** NumPy broadcasting of two shapes; null when they do not fit. */
export function broadcast(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length)
  const result = Array.from({ length: rank }, (_, index) => {
    const x = a[index - rank + a.length] ?? 1
    const y = b[index - rank + b.length] ?? 1
    if (x === y || y === 1) return x
    return x === 1 ? y : null
  })
  return result.every((dimension) => dimension !== null) ? (result as Shape) : null
}

const binary = (op: string): OpDef => ({
  op,
  weightInputs: [0, 1],
  outputShape: ({ shapes: [a, b] }) => (a && b ? broadcast(a, b) : null),
})

/** Operators that keep the shape of their first input. */
export const unaryOps: readonly OpDef[] = [
  'Relu',
  'LeakyRelu',
  'Clip',
  'Sigmoid',
  'HardSigmoid',
  'HardSwish',
  'Tanh',
  'Softmax',
  'LogSoftmax',
  'Identity',
  'Cast',
  'Abs',
  'Neg',
  'Exp',
  'Log',
  'Sqrt',
  'Erf',
  'BatchNormalization',
  'QuantizeLinear',
  'DequantizeLinear',
].map(unary)

/** Operators on two inputs with broadcasting. */
export const binaryOps: readonly OpDef[] = ['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', 'Pow'].map(binary)
