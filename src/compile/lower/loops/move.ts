import { add, mul } from '../../loops/expressions.ts'
import type { ConstantData, Expression, LoopsStep } from '../../loops/loops.ts'
import { type BufferIndex, LoopWriter } from '../../loops/writer.ts'
import type { Value } from '../../program.ts'
import type { LowerContext } from '../context.ts'

/** A run of elements that stay together: from a place of an input to a place of the output. */
export interface Run {
  readonly input: number
  readonly from: number
  readonly to: number
  readonly length: number
}

/** Where the elements of an output come from. */
export interface Arrangement {
  readonly inputs: readonly Value[]
  readonly output: Value
  /** The output as it is before the runs are copied: padding and constants. Null where runs cover it all. */
  readonly image: ConstantData | null
  readonly runs: readonly Run[]
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b))

/** A list as an expression of its index: by a formula where its steps are even, else by a table. */
function listReader(w: LoopWriter, list: readonly number[]): (index: Expression) => Expression {
  const step = (list[1] ?? 0) - list[0]!
  if (list.every((value, index) => value === list[0]! + index * step)) return (index) => add(mul(index, step), list[0]!)
  const table = w.integers(list)
  return (index) => w.load(table, index)
}

/** Copies runs of one input, all cut to the same length. */
function copyRuns(w: LoopWriter, [from, to]: readonly [BufferIndex, BufferIndex], runs: readonly Run[]): void {
  const length = runs.reduce((divisor, run) => greatestDivisor(divisor, run.length), 0)
  const cut = runs.flatMap((run) =>
    Array.from({ length: run.length / length }, (_, part) => ({
      from: run.from + part * length,
      to: run.to + part * length,
    })),
  )
  const sources = listReader(
    w,
    cut.map((run) => run.from),
  )
  const targets = listReader(
    w,
    cut.map((run) => run.to),
  )
  w.loop(cut.length, (index) => {
    const [source, target] = [w.let(sources(index)), w.let(targets(index))]
    w.loop(length, (at) => w.store(to, add(target, at), w.load(from, add(source, at))))
  })
}

/** An arrangement as loops over elements: the form for short runs, constants and padding of any value. */
export function moveLoops({ node }: LowerContext, { inputs, output, image, runs }: Arrangement): LoopsStep {
  const w = new LoopWriter()
  const to = w.value(output)
  if (image?.every((value) => value === image[0])) {
    const fill = w.constant(output.dtype, image.slice(0, 1))
    w.loop(image.length, (at) => w.store(to, at, w.load(fill, mul(at, 0))))
  } else if (image) {
    const from = w.constant(output.dtype, image)
    w.loop(image.length, (at) => w.store(to, at, w.load(from, at)))
  }
  inputs.forEach((input, index) => {
    const own = runs.filter((run) => run.input === index)
    if (own.length > 0) copyRuns(w, [w.value(input), to], own)
  })
  return w.step(node, output, `${node.op} ${output.dtype}`)
}

/** All elements of a value, or constants, to another of the same size. */
export function copyLoops(context: LowerContext, from: Value | ConstantData, output: Value): LoopsStep {
  if (!('name' in from)) return moveLoops(context, { inputs: [], output, image: from, runs: [] })
  const length = output.shape.reduce((a, b) => a * b, 1)
  return moveLoops(context, { inputs: [from], output, image: null, runs: [{ input: 0, from: 0, to: 0, length }] })
}
