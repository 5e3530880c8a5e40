import type { DataType } from '../../../../graph/graph.ts'
import { add, binary, int, mul, num, sub } from '../../../loops/expressions.ts'
import { clampInteger } from '../../../loops/fixed-point.ts'
import type { Expression, LoopsStep } from '../../../loops/loops.ts'
import { LoopWriter } from '../../../loops/writer.ts'
import { elementBytes, type State, sizeOf, type Value } from '../../../program.ts'
import { attribute, type LowerContext, outputValue, tensorAt, toValue } from '../../context.ts'
import { isFloat, sourceAt, targetAt } from '../source.ts'

function state(context: LowerContext, what: string, dtype: DataType, length: number): State {
  const value: Value = {
    name: `${outputValue(context).name}/${what}`,
    dtype,
    shape: [Math.max(1, length)],
    scale: 1,
    zeroPoint: 0,
  }
  return { value, initial: new Uint8Array(sizeOf(value.shape) * elementBytes(dtype)) }
}

/** Rows of an operator that walks the last `axes` axes, and their length. */
function rowsOf(context: LowerContext, axes = 1): { readonly rows: number; readonly length: number } {
  const { shape } = toValue(tensorAt(context, 0))
  const length = sizeOf(shape.slice(shape.length - axes))
  return { rows: sizeOf(shape) / length, length }
}

/** The samples that SignalDelay holds back. */
export function delayStates(context: LowerContext): readonly State[] {
  const { rows } = rowsOf(context)
  return [state(context, 'queue', outputValue(context).dtype, rows * attribute(context, 'delayLength', 0))]
}

/** SignalDelay: what was held back, then what is new; the rest is held back. */
export function lowerDelay(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const { rows, length } = rowsOf(context)
  const delay = attribute(context, 'delayLength', 0)
  const queue = w.value(delayStates(context)[0]!.value)
  const line = w.scratch(x.value.dtype, delay + length)
  w.loop(rows, (row) => {
    const [first, from] = [w.let(mul(row, delay)), w.let(mul(row, length))]
    if (delay > 0) w.loop(delay, (at) => w.store(line, at, w.load(queue, add(first, at))))
    w.loop(length, (at) => w.store(line, add(at, delay), x.load(add(from, at))))
    w.loop(length, (at) => out.store(add(from, at), w.load(line, at)))
    if (delay > 0) w.loop(delay, (at) => w.store(queue, add(first, at), w.load(line, add(at, length))))
  })
  return w.step(context.node, out.value, 'signal delay')
}

/** The end of the last sum of SignalOverlapAdd, row by row. */
export function overlapStates(context: LowerContext): readonly State[] {
  const { rows } = rowsOf(context, 2)
  return [state(context, 'tail', outputValue(context).dtype, rows * toValue(tensorAt(context, 0)).shape.at(-1)!)]
}

/** SignalOverlapAdd: every frame is added to the tail, whose first samples are given out. */
export function lowerOverlapAdd(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const [frames, size] = x.value.shape.slice(-2) as [number, number]
  const step = attribute(context, 'frameStep', 0)
  const tail = w.value(overlapStates(context)[0]!.value)
  const zero = isFloat(x) ? num('f32', 0) : int(0)
  const sum = (a: Expression, b: Expression) => {
    const total = add(a, b)
    return isFloat(x) ? total : clampInteger(w, total, [-32768, 32767])
  }
  w.loop(rowsOf(context, 2).rows, (row) => {
    const first = w.let(mul(row, size))
    w.loop(frames, (frame) => {
      const number = w.let(add(mul(row, frames), frame))
      w.loop(size, (at) => {
        const place = w.let(add(first, at))
        w.store(tail, place, sum(w.load(tail, place), x.load(add(mul(number, size), at))))
      })
      w.loop(step, (at) => out.store(add(mul(number, step), at), w.load(tail, add(first, at))))
      if (size > step)
        w.loop(size - step, (at) => w.store(tail, add(first, at), w.load(tail, add(add(first, at), step))))
      w.loop(step, (at) => w.store(tail, add(first, add(at, size - step)), zero))
    })
  })
  return w.step(context.node, out.value, 'signal overlap add')
}

/** The last number of a state as the second output: whether the first one holds a frame. */
function lowerValid(context: LowerContext, { value }: State): LoopsStep {
  const w = new LoopWriter()
  const valid = targetAt(w, context, 1)
  valid.store(int(0), w.load(w.value(value), int(sizeOf(value.shape) - 1)))
  return w.step(context.node, valid.value, 'signal valid')
}

/** SignalFramer's samples; by row how many there are, then whether the last frames were full. */
export function framerStates(context: LowerContext): readonly State[] {
  const { rows } = rowsOf(context)
  const [size, step] = [attribute(context, 'frameSize', 0), attribute(context, 'frameStep', 1)]
  const count = state(context, 'count', 'int32', rows + 1)
  const prefilled = attribute(context, 'prefill', 0) !== 0 ? size - step : 0
  const initial = new Uint8Array(Int32Array.from({ length: rows + 1 }, () => prefilled).buffer)
  return [state(context, 'queue', 'int16', rows * (size + step)), { ...count, initial }]
}

/** SignalFramer: new samples join the queue; a full frame is given out and leaves a step of it. */
export function lowerFramer(context: LowerContext): readonly LoopsStep[] {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const { rows, length } = rowsOf(context)
  const [size, step] = [attribute(context, 'frameSize', 0), attribute(context, 'frameStep', 1)]
  const states = framerStates(context)
  const [queue, counts] = states.map(({ value }) => w.value(value)) as [number, number]
  w.store(counts, int(rows), int(1))
  w.loop(rows, (row) => {
    const first = w.let(mul(row, size + step))
    w.loop(length / step, (frame) => {
      const number = w.let(add(mul(row, length / step), frame))
      const count = w.variable(w.load(counts, row))
      w.loop(step, (at) => w.store(queue, add(first, add(count, at)), x.load(add(mul(number, step), at))))
      w.set(count, add(count, step))
      w.if(
        binary('lt', count, size),
        () => {
          w.loop(size, (at) => out.store(add(mul(number, size), at), int(0)))
          w.store(counts, int(rows), int(0))
        },
        () => {
          w.loop(size, (at) => out.store(add(mul(number, size), at), w.load(queue, add(first, at))))
          w.loop(size, (at) => w.store(queue, add(first, at), w.load(queue, add(add(first, at), step))))
          w.set(count, sub(count, step))
        },
      )
      w.store(counts, row, count)
    })
  })
  return [w.step(context.node, out.value, 'signal framer'), lowerValid(context, states[1]!)]
}

/** SignalStacker's samples; how many there are, whether it ran before, whether it gave a stack out. */
export function stackerStates(context: LowerContext): readonly State[] {
  const size = sizeOf(outputValue(context).shape)
  const longest = size + attribute(context, 'numChannels', 0) * (1 + attribute(context, 'stackerLeftContext', 0))
  return [state(context, 'queue', 'int16', longest), state(context, 'count', 'int32', 3)]
}

/** SignalStacker: the new frame joins the queue, at first several times; a full stack leaves its first frames. */
export function lowerStacker(context: LowerContext): readonly LoopsStep[] {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  const channels = attribute(context, 'numChannels', 0)
  const left = attribute(context, 'stackerLeftContext', 0)
  const leave = channels * attribute(context, 'stackerStep', 1)
  const states = stackerStates(context)
  const [queue, counts] = states.map(({ value }) => w.value(value)) as [number, number]
  const count = w.variable(w.load(counts, int(0)))
  const join = () => {
    w.loop(channels, (at) => w.store(queue, add(count, at), x.load(at)))
    w.set(count, add(count, channels))
  }
  join()
  w.if(binary('eq', w.load(counts, int(1)), 0), () => {
    for (let copy = 0; copy < left; copy++) join()
    w.store(counts, int(1), int(1))
  })
  w.if(
    binary('lt', count, out.size),
    () => {
      w.loop(out.size, (at) => out.store(at, int(0)))
      w.store(counts, int(2), int(0))
    },
    () => {
      w.loop(out.size, (at) => out.store(at, w.load(queue, at)))
      w.store(counts, int(2), int(1))
      const rest = sizeOf(states[0]!.value.shape) - leave
      if (rest > 0) w.loop(rest, (at) => w.store(queue, at, w.load(queue, add(at, leave))))
      w.set(count, sub(count, leave))
    },
  )
  w.store(counts, int(0), count)
  return [w.step(context.node, out.value, 'signal stacker'), lowerValid(context, states[1]!)]
}
