import { broadcast } from '../../ops/elementwise.ts'
import { type Call, input, type Operand, unsupported } from '../kernel.ts'

/** Row-major strides of a shape, in elements. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = shape.map(() => 1)
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!
  return strides
}

/** Calls back with the index of every element of a shape, in order. The index list is reused. */
export function eachIndex(shape: readonly number[], visit: (index: readonly number[], position: number) => void): void {
  const count = shape.reduce((a, b) => a * b, 1)
  const index = shape.map(() => 0)
  for (let position = 0; position < count; position++) {
    visit(index, position)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1
      if (index[axis]! < shape[axis]!) break
      index[axis] = 0
    }
  }
}

/** Where the element of an operand stands that is seen at an index of the broadcast shape. */
function reader(operand: Operand, rank: number): (index: readonly number[]) => number {
  const strides = stridesOf(operand.shape).map((stride, axis) => (operand.shape[axis] === 1 ? 0 : stride))
  const skip = rank - strides.length
  return (index) => strides.reduce((sum, stride, axis) => sum + stride * index[axis + skip]!, 0)
}

/** Calls back with the positions of two inputs' elements and of the output's, under NumPy broadcasting. */
export function eachPair(call: Call, visit: (a: number, b: number, position: number) => void): void {
  const [a, b] = [input(call, 0), input(call, 1)]
  const shape = broadcast(a.shape, b.shape) as readonly number[] | null
  if (!shape) throw unsupported(call, `of shapes [${a.shape}] and [${b.shape}] does not broadcast`)
  const [readA, readB] = [reader(a, shape.length), reader(b, shape.length)]
  eachIndex(shape, (index, position) => visit(readA(index), readB(index), position))
}
