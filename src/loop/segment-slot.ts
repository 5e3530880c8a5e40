import type { Executable } from '../backends/backend.ts'
import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { inTime } from '../core/in-time.ts'
import type { SegmentMove } from '../core/segment-move.ts'
import type { Segment } from '../graph/segment.ts'
import { isStateful } from '../graph/stateful.ts'
import type { Tensors } from './engine-slot.ts'
import { type Place, placeId } from './place.ts'
import { Latencies, type SegmentTiming } from './segment-timing.ts'
import { reasonOf, tryBackend } from './try-backend.ts'
import { workerExecutable } from './worker-executable.ts'

/** Seconds that a place may take to get a segment ready. */
const prepareDeadlineS = 120

/** One segment of a partition and where it may go. */
export interface SlotParts {
  readonly host: Host
  /** From 0. */
  readonly index: number
  readonly segment: Segment
  readonly place: Place
  /** Where to go when the place fails, best first. */
  readonly fallback: readonly Place[]
  readonly deadlineS: number
  /** In a thread of its own, as long as it does not move. */
  readonly inWorker?: boolean
  onMove(move: SegmentMove): void
}

/** What failed, and when it had been started. */
export interface Failure {
  readonly error: unknown
  readonly startS: number
}

/** What the caller did wrong, which no other place cures. */
const isTheCallers = (error: unknown) =>
  isMilliwattError(error, 'INPUT_SHAPE') || isMilliwattError(error, 'MODEL_DISPOSED')

/** An engine that failed may hang for ever while it is given back; nobody waits for that. */
function abandon(executable: Executable): void {
  executable[Symbol.asyncDispose]().then(undefined, () => undefined)
}

/** One segment at its place; when the place fails, the segment goes on at the next one, for good. */
export class SegmentSlot {
  readonly stateful: boolean
  readonly #parts: SlotParts
  readonly #latencies: Latencies = new Latencies()
  readonly #failed: string[] = []
  #place: Place
  #executable: Executable
  #left: Place[]
  #hasState = false
  #stale = false

  constructor(parts: SlotParts, executable: Executable) {
    this.#parts = parts
    this.#place = parts.place
    this.#executable = executable
    this.#left = parts.fallback.filter((place) => placeId(place) !== placeId(parts.place))
    this.stateful = executable.stateful ?? isStateful(parts.segment.graph)
  }

  /** Gets a segment ready. @throws MilliwattError BACKEND_FAILED with the place and its reason */
  static async prepare(parts: SlotParts): Promise<SegmentSlot> {
    const attempt = await SegmentSlot.#attempt(parts, parts.place)
    if (typeof attempt !== 'string') return new SegmentSlot(parts, attempt)
    throw new MilliwattError('BACKEND_FAILED', `segment ${parts.index + 1} on ${placeId(parts.place)}`, attempt)
  }

  /** Where it is now. */
  get place(): Place {
    return this.#place
  }

  get segment(): Segment {
    return this.#parts.segment
  }

  /** The engine, unless it has to be made again before the next run. */
  get executable(): Executable | null {
    return this.#stale ? null : this.#executable
  }

  /** What its runs took. */
  timing(): SegmentTiming {
    const { runs } = this.#latencies
    const emulated = this.#executable.declaredCost !== undefined
    return { segment: this.#parts.index + 1, place: placeId(this.#place), runs, emulated, ...this.#latencies.figures() }
  }

  /** Notes a run; a simulated device's takes what it declares. */
  record(latencyS: number): void {
    this.#hasState = true
    this.#latencies.record(this.#executable.declaredCost?.latencyS ?? latencyS)
  }

  /**
   * Runs once; when the place fails, again from the same inputs at the next one that takes the segment.
   * @param failure what went wrong already with these inputs: begin with the move
   * @throws MilliwattError BACKEND_FAILED when no place is left, or a state was lost with its engine; INPUT_SHAPE
   */
  async run(inputs: Tensors, failure: Failure | null = null): Promise<Tensors> {
    let failed = failure
    for (;;) {
      if (failed) await this.#moveOn(failed)
      const startS = this.#parts.host.clock.preciseS()
      try {
        return await this.#once(inputs, startS)
      } catch (error) {
        if (isTheCallers(error)) throw error
        failed = { error, startS }
      }
    }
  }

  /** Begins its state afresh; an engine that cannot is made again before the next run. */
  reset(): void {
    this.#hasState = false
    if (!this.stateful) return
    if (this.#executable.reset && !this.#stale) this.#executable.reset()
    else this.#stale = true
  }

  /** Gives the engine back. */
  async dispose(): Promise<void> {
    await this.#executable[Symbol.asyncDispose]()
  }

  async #once(inputs: Tensors, startS: number): Promise<Tensors> {
    const { clock } = this.#parts.host
    if (this.#stale) await this.#renew()
    const outputs = await this.#beforeDeadline(() => this.#executable.run(inputs))
    this.record(clock.preciseS() - startS)
    return outputs
  }

  /** A synchronous engine holds the thread, and a clock could not ring. */
  async #beforeDeadline(run: () => Promise<Tensors>): Promise<Tensors> {
    const { host, deadlineS } = this.#parts
    if (this.#executable.synchronous) return run()
    const outputs = await inTime(host.clock, deadlineS, run)
    if (outputs !== 'late') return outputs
    throw new MilliwattError('BACKEND_FAILED', this.#place.backend.name, `It did not answer within ${deadlineS} s.`)
  }

  async #renew(): Promise<void> {
    abandon(this.#executable)
    const again = await SegmentSlot.#attempt(this.#parts, this.#place)
    if (typeof again === 'string') throw new MilliwattError('BACKEND_FAILED', this.#place.backend.name, again)
    this.#executable = again
    this.#stale = false
  }

  /** Goes to the next place that takes the segment and tells so. */
  async #moveOn({ error, startS }: Failure): Promise<void> {
    const { clock } = this.#parts.host
    const [from, reason] = [placeId(this.#place), reasonOf(error)]
    this.#failed.push(`${from}: ${reason}`)
    const lost = this.stateful && this.#hasState
    abandon(this.#executable)
    await this.#takeNext()
    this.#latencies.clear()
    const at = clock.wallTime().toISOString()
    const [segment, to] = [this.#parts.index + 1, placeId(this.#place)]
    this.#parts.onMove({ at, segment, from, to, reason, lostS: clock.preciseS() - startS })
    if (!lost) return
    const detail = `Its state was lost with ${from} (${reason}). It begins afresh on ${to}; reset the model and give it the stream again.`
    throw new MilliwattError('BACKEND_FAILED', `segment ${segment}`, detail)
  }

  async #takeNext(): Promise<void> {
    for (let place = this.#left.shift(); place; place = this.#left.shift()) {
      const attempt = await SegmentSlot.#attempt(this.#parts, place)
      if (typeof attempt === 'string') {
        this.#failed.push(`${placeId(place)}: ${attempt}`)
        continue
      }
      this.#place = place
      this.#executable = attempt
      this.#stale = false
      this.#hasState = false
      return
    }
    // The engine that failed was given back: the next run says again that nothing is left.
    this.#stale = true
    const detail = `No place is left for it: ${this.#failed.join('; ')}.`
    throw new MilliwattError('BACKEND_FAILED', `segment ${this.#parts.index + 1}`, detail)
  }

  static async #attempt(parts: SlotParts, place: Place): Promise<Executable | string> {
    const { host, segment, inWorker = false, deadlineS } = parts
    const { backend, device } = place
    if (inWorker && place === parts.place) return SegmentSlot.#inWorker(host, segment, place, deadlineS)
    const work = () => tryBackend(host, backend, { segment }, device)
    const attempt = await inTime(host.clock, prepareDeadlineS, work)
    if (attempt === 'late') return `it was not ready within ${prepareDeadlineS} s`
    return attempt.executable ?? attempt.reason
  }

  static async #inWorker(host: Host, segment: Segment, place: Place, deadlineS: number): Promise<Executable | string> {
    try {
      return await workerExecutable(host, segment, place, deadlineS)
    } catch (error) {
      return reasonOf(error)
    }
  }
}
