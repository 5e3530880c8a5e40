import type { SynchronousRun, TensorData, TensorSpec } from '../backends/backend.ts'
import type { Clock } from '../core/host.ts'
import { allocate } from './run-into.ts'

/** A segment whose engine runs in the caller's thread. */
export interface SynchronousStage {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly engine: SynchronousRun
  record(latencyS: number): void
}

/** What a partition needs to be run without a promise. */
export interface SynchronousParts {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  readonly stages: readonly SynchronousStage[]
  readonly clock: Clock
  /** Throws when the engines here are no longer those of the partition. */
  check(): void
}

/** All segments in the caller's thread, one after the other. */
export interface SynchronousPartition extends SynchronousRun {
  /** The stage that threw last, from 0. */
  readonly failedAt: number
  /** Elements of everything that the stages before this one made, by name, in the engines' memory. */
  madeBefore(stage: number): ReadonlyMap<string, TensorData>
}

type Writable = TensorData & { set(values: TensorData): void }

/** Elements that go from one engine to the next. */
interface Copy {
  readonly from: TensorData
  readonly to: Writable
}

/** Where each tensor is read: the engines' own arrays. */
function readersOf(stages: readonly SynchronousStage[]): ReadonlyMap<string, readonly Writable[]> {
  const readers = new Map<string, Writable[]>()
  for (const { inputs, engine } of stages)
    for (const [index, name] of inputs.entries())
      readers.set(name, [...(readers.get(name) ?? []), engine.inputs[index] as Writable])
  return readers
}

const copiesOf = (from: TensorData, readers: readonly Writable[]): readonly Copy[] =>
  readers.filter((to) => to !== from).map((to) => ({ from, to }))

/**
 * Links engines that run in the caller's thread: a tensor is copied straight from the memory of the engine that makes it
 * into that of each that reads it, and nothing is allocated by a run.
 */
export function synchronousPartition(parts: SynchronousParts): SynchronousPartition {
  const { stages, clock } = parts
  const readers = readersOf(stages)
  const given = new Set(parts.inputs.map(({ name }) => name))
  const passed = parts.outputs.filter(({ name }) => given.has(name))
  const own = allocate([...parts.inputs.filter(({ name }) => !readers.has(name)), ...passed])
  const inputs = parts.inputs.map(({ name }) => readers.get(name)?.[0] ?? own[name]!)
  const entry = parts.inputs.flatMap(({ name }, index) => {
    const kept = own[name] as Writable | undefined
    return copiesOf(inputs[index]!, [...(readers.get(name) ?? []), ...(kept ? [kept] : [])])
  })
  const steps = stages.map((stage) => ({
    stage,
    copies: stage.outputs.flatMap((name, index) => copiesOf(stage.engine.outputs[index]!, readers.get(name) ?? [])),
  }))
  const made = stages.map(({ outputs, engine }) => outputs.map((name, at) => [name, engine.outputs[at]!] as const))
  const all = new Map(made.flat())
  let failedAt = -1
  return {
    inputs,
    outputs: parts.outputs.map(({ name }) => own[name] ?? all.get(name)!),
    get failedAt() {
      return failedAt
    },
    madeBefore: (stage) => new Map(made.slice(0, stage).flat()),
    run: () => {
      parts.check()
      for (const { from, to } of entry) to.set(from)
      for (let index = 0; index < steps.length; index++) {
        const { stage, copies } = steps[index]!
        const startS = clock.preciseS()
        failedAt = index
        stage.engine.run()
        stage.record(clock.preciseS() - startS)
        for (const { from, to } of copies) to.set(from)
      }
    },
  }
}
