import { type MemoryPlan, planMemory, type Request } from './memory-plan.ts'
import { elementBytes, type Program, type Step, sizeOf, type Value } from './program.ts'

/** A program's places: values and scratch by offset from the start of the arena. */
export interface Arena {
  readonly plan: MemoryPlan
  readonly values: ReadonlyMap<string, number>
  readonly scratch: readonly number[]
  /** Steps that do nothing, since their output shares the place of their input. */
  readonly aliased: ReadonlySet<Step>
}

/** Bytes of a value. */
export function valueBytes(value: Value): number {
  return sizeOf(value.shape) * elementBytes(value.dtype)
}

const scratchName = (index: number) => `\0scratch ${index}`

/**
 * Places values and scratch. Inputs live from the start, outputs to the end. A reshape shares the place of its input.
 * With `keepAll` nothing is reused, so that every value can be read after a run. States are not placed.
 */
export function planArena(
  program: Program,
  kernels: readonly { readonly scratchBytes: number }[],
  keepAll: boolean,
  alignment = 16,
): Arena {
  const roots = new Map<string, string>()
  const rootOf = (name: string): string => {
    const parent = roots.get(name)
    return parent === undefined ? name : rootOf(parent)
  }
  const aliased = new Set<Step>()
  const inputNames = new Set(program.inputs.map((value) => value.name))
  const states = new Set(program.states.map(({ value }) => value.name))
  for (const step of program.steps) {
    if (step.kind !== 'reshape' || inputNames.has(step.output.name) || states.has(step.inputs[0]!.name)) continue
    roots.set(step.output.name, step.inputs[0]!.name)
    aliased.add(step)
  }
  const spans = new Map<string, { bytes: number; first: number; last: number }>()
  const touch = (value: Value, step: number) => {
    if (states.has(value.name)) return
    const name = rootOf(value.name)
    const bytes = valueBytes(value)
    const span = spans.get(name)
    if (!span) spans.set(name, { bytes, first: step, last: step })
    else {
      span.first = Math.min(span.first, step)
      span.last = Math.max(span.last, step)
    }
  }
  const end = program.steps.length
  for (const value of program.inputs) touch(value, 0)
  program.steps.forEach((step, index) => {
    for (const value of step.inputs) touch(value, index)
    touch(step.output, index)
  })
  for (const value of program.outputs) touch(value, end)
  const requests: Request[] = [...spans].map(([name, span]) =>
    keepAll ? { name, bytes: span.bytes, first: 0, last: end } : { name, ...span },
  )
  kernels.forEach((kernel, index) => {
    if (kernel.scratchBytes > 0)
      requests.push({ name: scratchName(index), bytes: kernel.scratchBytes, first: index, last: index })
  })
  const plan = planMemory(requests, alignment)
  const values = new Map<string, number>()
  const named = [
    ...program.inputs,
    ...program.outputs,
    ...program.steps.flatMap((step) => [...step.inputs, step.output]),
  ]
  for (const value of named) if (!states.has(value.name)) values.set(value.name, plan.offsets.get(rootOf(value.name))!)
  return { plan, values, scratch: kernels.map((_, index) => plan.offsets.get(scratchName(index)) ?? 0), aliased }
}
