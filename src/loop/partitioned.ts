import {
  type DeclaredCost,
  type Executable,
  type SynchronousRun,
  segmentSpecs,
  type TensorData,
  type TensorSpec,
  type TensorValue,
} from '../backends/backend.ts'
import { type BoundModel, runOn } from '../backends/module-executable.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { SegmentMove } from '../core/segment-move.ts'
import type { Segment } from '../graph/segment.ts'
import type { Tensors } from './engine-slot.ts'
import { type SynchronousPartition, synchronousPartition } from './partition-synchronous.ts'
import { type PipelineOptions, runPipeline } from './pipeline.ts'
import type { Place } from './place.ts'
import { type Failure, SegmentSlot } from './segment-slot.ts'
import type { SegmentTiming } from './segment-timing.ts'

/** A segment (of `cutSegment`) and the place that it shall run at. */
export interface PartitionPart {
  readonly segment: Segment
  readonly place: Place
  /** Where it goes when its place fails, best first; the partition's own list by default. */
  readonly fallback?: readonly Place[]
  /** Gives it a thread of its own, for `runMany` and for engines that hold their thread; where it moves, it has none. */
  readonly inWorker?: boolean
}

/** How to run a partition. */
export interface PartitionOptions {
  /** Where segments go when their place fails, best first; a place that does not take a segment is passed over. */
  readonly fallback?: readonly Place[]
  /** Seconds that a segment may take for one run before its place counts as failed; 10 by default. */
  readonly deadlineS?: number
  /** Called when a segment has moved. */
  onMove?(move: SegmentMove): void
}

/** What a partition is made of. */
interface PartitionedParts {
  readonly host: Host
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  readonly slots: readonly SegmentSlot[]
  readonly moves: readonly SegmentMove[]
}

const pick = (tensors: Tensors, names: readonly string[]): Tensors => {
  const picked: Record<string, TensorValue> = {}
  for (const name of names) {
    const tensor = tensors[name]
    if (!tensor) throw new MilliwattError('INPUT_SHAPE', name, 'This input is missing.')
    picked[name] = tensor
  }
  return picked
}

/** Tensors with their elements in an engine's memory. */
function bound(specs: readonly TensorSpec[], data: readonly TensorData[]): BoundModel['inputs'] {
  return specs.map(({ name, dtype, shape }, index) => ({
    name,
    dtype,
    shape: shape as readonly number[],
    data: data[index]!,
  }))
}

/** A model in segments at several places, as one executable. */
export class PartitionedExecutable implements Executable {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  /** Segments that moved, oldest first. */
  readonly moves: readonly SegmentMove[]
  readonly stateful: boolean
  readonly #host: Host
  readonly #slots: readonly SegmentSlot[]
  readonly #given: ReadonlySet<string>
  #linked: { readonly engines: readonly (Executable | null)[]; readonly run: SynchronousPartition } | null = null
  #resets = 0
  #disposed = false

  constructor({ host, inputs, outputs, slots, moves }: PartitionedParts) {
    this.#host = host
    this.#slots = slots
    this.#given = new Set(inputs.map(({ name }) => name))
    this.inputs = inputs
    this.outputs = outputs
    this.moves = moves
    this.stateful = slots.some((slot) => slot.stateful)
  }

  /** Segments in the order of running, each with its place of now and what its last runs took. */
  segmentTimings(): readonly SegmentTiming[] {
    return this.#slots.map((slot) => slot.timing())
  }

  /**
   * Where a segment is on a simulated device: what a run costs, the measured medians of the real segments and the
   * declared figures of the others together. Their sum is no more than emulated, and without energy where a part has none.
   */
  get declaredCost(): DeclaredCost | undefined {
    return this.#declared()
  }

  /** Present when every segment's engine runs in the caller's thread; void once a segment moved or was reset. */
  get synchronous(): SynchronousRun | undefined {
    return this.#synchronous()
  }

  /**
   * Runs the segments in order and hands tensors over as they are. A segment whose place fails goes to the next one, and
   * the run completes there. @throws MilliwattError INPUT_SHAPE, MODEL_DISPOSED, BACKEND_FAILED when no place is left
   */
  async run(inputs: Tensors): Promise<Tensors> {
    if (this.#disposed) throw new MilliwattError('MODEL_DISPOSED', 'partition')
    const linked = this.#synchronous()
    return linked ? this.#runLinked(linked, inputs) : this.#runFrom(0, inputs, null)
  }

  /**
   * Runs many inputs and gives the outputs in their order. Segments on different devices or in workers work at the same
   * time on different inputs; where all of them share the caller's thread there is nothing to gain, and they take turns.
   * It pays where segments wait for devices of their own (figures in bench/plan/README.md).
   */
  runMany(
    inputs: Iterable<Tensors> | AsyncIterable<Tensors>,
    options: PipelineOptions = {},
  ): AsyncGenerator<Tensors, void, undefined> {
    const stages = this.#slots.map((slot) => async (known: Tensors) => this.#step(slot, known, null))
    const last = async (known: Tensors) => this.#outputsOf(known)
    if (this.#synchronous()) return runPipeline([(given) => this.run(given)], inputs, { inFlight: 1 })
    return runPipeline([...stages, last], inputs, options)
  }

  /** Begins the state of a streaming model afresh. */
  reset(): void {
    this.#linked = null
    this.#resets += 1
    for (const slot of this.#slots) slot.reset()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    this.#linked = null
    await Promise.all(this.#slots.map((slot) => slot.dispose()))
  }

  async #step(slot: SegmentSlot, known: Tensors, failure: Failure | null): Promise<Tensors> {
    const made = await slot.run(pick(known, slot.segment.graph.inputs), failure)
    return { ...known, ...made }
  }

  async #runFrom(first: number, known: Tensors, failure: Failure | null): Promise<Tensors> {
    let tensors = known
    for (const [index, slot] of this.#slots.entries())
      if (index >= first) tensors = await this.#step(slot, tensors, index === first ? failure : null)
    return this.#outputsOf(tensors)
  }

  /** Outputs belong to the caller: an input that is an output too is copied. */
  #outputsOf(tensors: Tensors): Tensors {
    const outputs: Record<string, TensorValue> = {}
    for (const { name } of this.outputs) {
      const tensor = tensors[name]!
      outputs[name] = this.#given.has(name) ? { ...tensor, data: tensor.data.slice() } : tensor
    }
    return outputs
  }

  async #runLinked(linked: SynchronousPartition, inputs: Tensors): Promise<Tensors> {
    const startS = this.#host.clock.preciseS()
    let ran = false
    const run = () => {
      ran = true
      linked.run()
    }
    try {
      return runOn(
        { inputs: bound(this.inputs, linked.inputs), outputs: bound(this.outputs, linked.outputs), run },
        inputs,
      )
    } catch (error) {
      if (!ran) throw error
      return this.#runFrom(linked.failedAt, this.#knownTo(linked, inputs), { error, startS })
    }
  }

  /** What is known when a segment of a synchronous run has failed; those before it must not run twice. */
  #knownTo(linked: SynchronousPartition, inputs: Tensors): Tensors {
    const known: Record<string, TensorValue> = { ...inputs }
    const made = linked.madeBefore(linked.failedAt)
    for (const slot of this.#slots)
      for (const { name, dtype, shape } of segmentSpecs(slot.segment).outputs) {
        const data = made.get(name)
        if (data) known[name] = { dtype, shape: shape as readonly number[], data: data.slice() }
      }
    return known
  }

  #declared(): DeclaredCost | undefined {
    const costs = this.#slots.map((slot) => slot.executable?.declaredCost)
    if (!costs.some((cost) => cost !== undefined)) return undefined
    const seconds = this.#slots.map((slot, index) => costs[index]?.latencyS ?? slot.timing().medianS)
    const joules = costs.map((cost) => cost?.energyJ ?? null)
    const energyJ = joules.every((each) => each !== null) ? joules.reduce((a, b) => a + b, 0) : null
    return { latencyS: seconds.reduce((a, b) => a + b, 0), energyJ, provenance: 'emulated' }
  }

  /** Throws once a segment has moved or begun afresh after this call. */
  #freshness(): () => void {
    const [moved, resets] = [this.moves.length, this.#resets]
    return () => {
      if (this.#disposed) throw new MilliwattError('MODEL_DISPOSED', 'partition')
      if (this.moves.length === moved && this.#resets === resets) return
      const detail = 'A segment moved or began afresh: take `synchronous` again, or use `run`.'
      throw new MilliwattError('BACKEND_FAILED', 'partition', detail)
    }
  }

  /** The linked engines, linked anew when one of them is another than before. */
  #synchronous(): SynchronousPartition | undefined {
    const engines = this.#slots.map((slot) => slot.executable)
    const known = this.#linked
    if (known?.engines.every((engine, index) => engine === engines[index])) return known.run
    this.#linked = null
    const stages = this.#slots.map((slot, index) => {
      const engine = engines[index]?.synchronous
      const { inputs, outputs } = slot.segment.graph
      return engine ? { inputs, outputs, engine, record: (latencyS: number) => slot.record(latencyS) } : null
    })
    if (!stages.every((stage) => stage !== null)) return undefined
    const run: SynchronousPartition = synchronousPartition({
      inputs: this.inputs,
      outputs: this.outputs,
      stages,
      clock: this.#host.clock,
      check: this.#freshness(),
    })
    this.#linked = { engines, run }
    return run
  }
}

/** @throws MilliwattError CUT_ILLEGAL for a tensor that nothing makes before it is read */
function checkParts(whole: Segment, parts: readonly PartitionPart[]): void {
  const known = new Set(whole.graph.inputs)
  const need = (name: string, where: string) => {
    if (known.has(name)) return
    throw new MilliwattError('CUT_ILLEGAL', where, `Nothing makes "${name}" before it is read.`)
  }
  for (const [index, { segment }] of parts.entries()) {
    for (const name of segment.graph.inputs) need(name, `segment ${index + 1}`)
    for (const name of segment.graph.outputs) known.add(name)
  }
  for (const name of whole.graph.outputs) need(name, 'outputs')
}

/**
 * Gets a model ready in parts, each at its own place, as one executable whose outputs are those of the whole: bit for bit
 * where every backend is exact.
 * @param whole the model that was cut
 * @param parts its segments in the order of running
 * @throws MilliwattError CUT_ILLEGAL, BACKEND_FAILED naming the segment and the place that cannot take it
 */
export async function preparePartition(
  host: Host,
  whole: Segment,
  parts: readonly PartitionPart[],
  { fallback = [], deadlineS = 10, onMove }: PartitionOptions = {},
): Promise<PartitionedExecutable> {
  checkParts(whole, parts)
  const moves: SegmentMove[] = []
  const slots: SegmentSlot[] = []
  const note = (move: SegmentMove) => {
    moves.push(move)
    onMove?.(move)
  }
  try {
    for (const [index, part] of parts.entries())
      slots.push(await SegmentSlot.prepare({ host, index, fallback, ...part, deadlineS, onMove: note }))
  } catch (error) {
    for (const slot of slots) await slot.dispose()
    throw error
  }
  return new PartitionedExecutable({ host, ...segmentSpecs(whole), slots, moves })
}
