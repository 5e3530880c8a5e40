import { emptyValues, toNumbers } from '../../../graph/reference/values.ts'
import { add, binary, convert, int, mul, sub } from '../../loops/expressions.ts'
import type { ConstantData, Expression, LoopsStep } from '../../loops/loops.ts'
import { LoopWriter } from '../../loops/writer.ts'
import { sizeOf } from '../../program.ts'
import { attribute, type LowerContext, outputValue, refuse, tensorAt, toValue } from '../context.ts'
import { evaluateOn } from '../table.ts'
import { eachBroadcast } from './broadcast.ts'
import { copyLoops } from './move.ts'
import { constantElements, requireScalar, type Source, sourceAt, targetAt } from './source.ts'

/** An axis, counted from the front. */
const axisIn = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis)

function constantAxis(context: LowerContext, index: number, rank: number): number {
  const data = constantElements(tensorAt(context, index))
  if (!data) throw refuse(context, 'its axis is not constant')
  return axisIn(toNumbers(data)[0]!, rank)
}

/** shape and zeros_like: the output does not depend on the elements of the input. */
export function lowerKnown(context: LowerContext): LoopsStep {
  const output = outputValue(context)
  const values = emptyValues(output.dtype, sizeOf(output.shape), output.name)
  if (context.node.op === 'shape') {
    const wide = values instanceof BigInt64Array
    toValue(tensorAt(context, 0)).shape.forEach((length, axis) => {
      values[axis] = (wide ? BigInt(length) : length) as never
    })
  }
  return copyLoops(context, values as ConstantData, output)
}

/** fill with a value that is computed. */
export function lowerFill(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [value, out] = [sourceAt(w, context, 1), targetAt(w, context)]
  requireScalar(context, out.scalar, value)
  w.loop(out.size, (at) => out.store(at, value.load(int(0))))
  return w.step(context.node, out.value, `fill ${out.value.dtype}`)
}

/** select and select_v2: one of two elements by a condition, broadcast; the old form's condition may be a list of rows. */
export function lowerSelect(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [condition, yes, no] = [0, 1, 2].map((index) => sourceAt(w, context, index)) as [Source, Source, Source]
  const out = targetAt(w, context)
  requireScalar(context, out.scalar, yes, no)
  requireScalar(context, 'i32', condition)
  const rank = out.value.shape.length
  const rows = context.node.op === 'select' && condition.value.shape.length < rank
  const shape = rows ? [...condition.value.shape, ...new Array<number>(rank - 1).fill(1)] : condition.value.shape
  eachBroadcast(w, context, out.value.shape, [shape, yes.value.shape, no.value.shape], (at, [test, first, second]) => {
    const place = w.let(at)
    w.if(
      condition.load(test!),
      () => out.store(place, yes.load(first!)),
      () => out.store(place, no.load(second!)),
    )
  })
  return w.step(context.node, out.value, `${context.node.op} ${out.value.dtype}`)
}

/** one_hot: one value at the place that the index names along a new axis, the other elsewhere. */
export function lowerOneHot(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [indices, on, off] = [0, 2, 3].map((index) => sourceAt(w, context, index)) as [Source, Source, Source]
  const out = targetAt(w, context)
  requireScalar(context, out.scalar, on, off)
  const { shape } = out.value
  const axis = axisIn(attribute(context, 'axis', -1), shape.length)
  const [depth, inner] = [shape[axis]!, sizeOf(shape.slice(axis + 1))]
  w.loop(out.size / (depth * inner), (outer) => {
    w.loop(depth, (place) => {
      w.loop(inner, (i) => {
        const at = w.let(add(mul(add(mul(outer, depth), place), inner), i))
        const index = convert(indices.load(add(mul(outer, inner), i)), 'i32')
        w.if(
          binary('eq', index, place),
          () => out.store(at, on.load(int(0))),
          () => out.store(at, off.load(int(0))),
        )
      })
    })
  })
  return w.step(context.node, out.value, `one_hot ${out.value.dtype}`)
}

/** cumsum along a constant axis of floats and plain integers. */
export function lowerCumulativeSum(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, x.scalar, out)
  if (x.tensor.quantization) throw refuse(context, 'on quantised integers is not compiled')
  const { shape } = x.value
  const axis = constantAxis(context, 1, shape.length)
  const [length, inner] = [shape[axis]!, sizeOf(shape.slice(axis + 1))]
  const [exclusive, backwards] = ['exclusive', 'reverse'].map((name) => attribute(context, name, 0) === 1)
  w.loop(x.size / (length * inner), (outer) => {
    w.loop(inner, (i) => {
      const sum = w.number(x.scalar, 0)
      w.loop(length, (step) => {
        const place = backwards ? sub(int(length - 1), step) : step
        const at = w.let(add(mul(add(mul(outer, length), place), inner), i))
        if (exclusive) {
          const value = w.let(x.load(at))
          out.store(at, sum)
          w.set(sum, add(sum, value))
        } else {
          w.set(sum, add(sum, x.load(at)))
          out.store(at, sum)
        }
      })
    })
  })
  return w.step(context.node, out.value, `cumsum ${x.value.dtype}`)
}

/** One output of topk_v2: the largest of what is left, the first of equals, again and again. */
function lowerTop(context: LowerContext, index: 0 | 1): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context, index)]
  const [depth, count] = [x.value.shape.at(-1)!, out.value.shape.at(-1)!]
  const taken = w.scratch('uint8', depth)
  w.loop(x.size / depth, (row) => {
    const from = w.let(mul(row, depth))
    w.loop(depth, (at) => w.store(taken, at, int(0)))
    w.loop(count, (number) => {
      const best = w.number('i32', -1)
      w.loop(depth, (at) => {
        w.if(binary('eq', w.load(taken, at), 0), () => {
          w.if(
            binary('lt', best, 0),
            () => w.set(best, at),
            () => w.if(binary('gt', x.load(add(from, at)), x.load(add(from, best))), () => w.set(best, at)),
          )
        })
      })
      w.store(taken, best, int(1))
      const value: Expression = index === 0 ? x.load(add(from, best)) : convert(best, out.scalar)
      out.store(add(mul(row, count), number), value)
    })
  })
  return w.step(context.node, out.value, `topk_v2 ${x.value.dtype}`)
}

/** topk_v2 of any types: values, then places. */
export function lowerTopK(context: LowerContext): readonly LoopsStep[] {
  return [lowerTop(context, 0), ...(context.node.outputs[1] ? [lowerTop(context, 1)] : [])]
}

/** concatenation of bytes, some of which another scale or zero point: each of those through a table of 256 results. */
export function lowerRescaledConcatenation(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const out = targetAt(w, context)
  const { shape, dtype, scale, zeroPoint } = out.value
  if (dtype !== 'uint8' && dtype !== 'int8') throw refuse(context, `on ${dtype} of several scales is not compiled`)
  const axis = axisIn(attribute(context, 'axis', 0), shape.length)
  const inner = sizeOf(shape.slice(axis + 1))
  const [row, outer] = [shape[axis]! * inner, sizeOf(shape.slice(0, axis))]
  let offset = 0
  context.node.inputs.forEach((_, index) => {
    const x = sourceAt(w, context, index)
    if (x.value.dtype !== dtype) throw refuse(context, `"${x.value.name}" is ${x.value.dtype}, not ${dtype}`)
    const same = x.value.scale === scale && x.value.zeroPoint === zeroPoint
    const table = same ? null : w.constant(dtype, rescaling(context, x))
    const [part, first] = [x.value.shape[axis]! * inner, offset]
    w.loop(outer, (o) => {
      w.loop(part, (i) => {
        const value = x.load(add(mul(o, part), i))
        out.store(add(add(mul(o, row), first), i), table === null ? value : w.load(table, binary('and', value, 255)))
      })
    })
    offset += part
  })
  return w.step(context.node, out.value, `concatenation ${dtype}`)
}

/** What every byte of a part becomes, by its bits. */
function rescaling(context: LowerContext, x: Source): Int8Array | Uint8Array {
  const bits = Uint8Array.from({ length: 256 }, (_, at) => at)
  const values = x.value.dtype === 'int8' ? new Int8Array(bits.buffer) : bits
  const alone = { ...context, node: { ...context.node, inputs: [x.tensor.name], attributes: { axis: 0 } } }
  return evaluateOn(alone, [values]) as Int8Array | Uint8Array
}
