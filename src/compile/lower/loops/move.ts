import { add, int, mul } from '../../loops/expressions.ts'
import type { ConstantData, Expression, LoopsStep } from '../../loops/loops.ts'
import { type BufferIndex, LoopWriter } from '../../loops/writer.ts'
import type { Value } from '../../program.ts'
import type { LowerContext } from '../context.ts'
import { type Axis, eachIndex } from './broadcast.ts'

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

/** Where a run begins, in the input and in the output. */
type Place = readonly [number, number]

const stepBetween = ([from, to]: Place, [nextFrom, nextTo]: Place): Place => [nextFrom - from, nextTo - to]

/** Whether places go on by the same step within every block of so many. */
function isEven(places: readonly Place[], block: number, [from, to]: Place): boolean {
  return places.every((place, index) => {
    const head = places[index - (index % block)]!
    return place[0] === head[0] + (index % block) * from && place[1] === head[1] + (index % block) * to
  })
}

/** Places as a nest of loops with even steps, the outermost first; null where they are not. */
function nestOf(places: readonly Place[]): readonly Axis[] | null {
  if (places.length === 1) return []
  const strides = stepBetween(places[0]!, places[1]!)
  const odd = places.findIndex(
    (place, index) =>
      place[0] !== places[0]![0] + index * strides[0] || place[1] !== places[0]![1] + index * strides[1],
  )
  for (let length = odd < 0 ? places.length : odd; length > 1; length--) {
    if (places.length % length !== 0 || !isEven(places, length, strides)) continue
    const outer = nestOf(places.filter((_, index) => index % length === 0))
    return outer && [...outer, { length, strides }]
  }
  return null
}

/** Calls back for every place: by loops with even steps, else by tables. */
function eachPlace(w: LoopWriter, places: readonly Place[], body: (from: Expression, to: Expression) => void): void {
  const nest = nestOf(places)
  const [first] = places
  if (nest?.length === 0) body(int(first![0]), int(first![1]))
  else if (nest) eachIndex(w, nest, ([from, to]) => body(w.let(add(from!, first![0])), w.let(add(to!, first![1]))))
  else {
    const tables = [0, 1].map((side) => w.integers(places.map((place) => place[side]!)))
    w.loop(places.length, (index) => body(w.let(w.load(tables[0]!, index)), w.let(w.load(tables[1]!, index))))
  }
}

/** Copies runs of one input, all cut to the same length. */
function copyRuns(w: LoopWriter, [from, to]: readonly [BufferIndex, BufferIndex], runs: readonly Run[]): void {
  const length = runs.reduce((divisor, run) => greatestDivisor(divisor, run.length), 0)
  const places = runs.flatMap((run) =>
    Array.from({ length: run.length / length }, (_, part): Place => [run.from + part * length, run.to + part * length]),
  )
  eachPlace(w, places, (source, target) => {
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
