import type { DeclaredCost, Executable, RemoteRun, TensorValue } from '../backends/backend.ts'
import { isMilliwattError, MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { SegmentMove } from '../core/segment-move.ts'
import type { BorderTensor } from './border.ts'
import type { Runnable } from './candidates.ts'
import { tryBackend } from './try-backend.ts'

/** Tensors by name. */
export type Tensors = Readonly<Record<string, TensorValue>>

const noMoves: readonly SegmentMove[] = []

/** The engine of one model from its preparation to its end: calls take turns, state can begin afresh. */
export class EngineSlot {
  readonly #host: Host
  readonly #chosen: Runnable
  readonly #outputs: readonly BorderTensor[]
  #executable: Executable | null
  #closed = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(host: Host, chosen: Runnable, outputs: readonly BorderTensor[]) {
    this.#host = host
    this.#chosen = chosen
    this.#outputs = outputs
    this.#executable = chosen.executable
  }

  /** The engine. @throws MilliwattError MODEL_DISPOSED */
  alive(): Executable {
    if (this.#executable && !this.#closed) return this.#executable
    throw new MilliwattError('MODEL_DISPOSED', this.#chosen.variant.name)
  }

  /** Does something when all that came before it is done, failed or not. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Segments that moved because their place failed, oldest first; empty once it is closed. */
  get moves(): readonly SegmentMove[] {
    return this.#executable?.moves ?? noMoves
  }

  /** What a run costs where the engine only simulates its device; undefined elsewhere. */
  get declaredCost(): DeclaredCost | undefined {
    return this.#executable?.declaredCost
  }

  /**
   * Runs once, in a turn of the caller's. The latency is the clock's, a board's own clock's, or what a simulated device declares.
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED, MODEL_DISPOSED
   */
  async run(tensors: Tensors): Promise<{ readonly outputs: Tensors; readonly latencyS: number }> {
    const { clock } = this.#host
    const executable = this.alive()
    try {
      const { remote } = executable
      if (remote) {
        await remote.load(tensors)
        return { latencyS: await remote.run(1, 'none'), outputs: this.#named(await remote.read()) }
      }
      const startS = clock.preciseS()
      const outputs = await executable.run(tensors)
      const latencyS = executable.declaredCost?.latencyS ?? clock.preciseS() - startS
      return { latencyS, outputs: this.#named(outputs) }
    } catch (error) {
      if (isMilliwattError(error)) throw error
      throw new MilliwattError('BACKEND_FAILED', this.#chosen.backend.name, messageOf(error), error)
    }
  }

  /** The device's own runs, where it is at the end of a link. */
  get remote(): RemoteRun | undefined {
    return this.#executable?.remote
  }

  /** Outputs of the latest run of a device at the end of a link. @throws as `run` */
  async readRemote(remote: RemoteRun): Promise<Tensors> {
    return this.#named(await remote.read())
  }

  /** Begins the state afresh, in a turn of the caller's. @throws MilliwattError MODEL_DISPOSED, BACKEND_FAILED */
  async reset(): Promise<void> {
    const executable = this.alive()
    if (executable.reset) return executable.reset()
    const { backend, variant, device } = this.#chosen
    this.#executable = null
    await executable[Symbol.asyncDispose]()
    const again = await tryBackend(this.#host, backend, variant, device)
    if (!again.executable) throw new MilliwattError('BACKEND_FAILED', backend.name, again.reason)
    this.#executable = again.executable
  }

  /** Ends the engine when the call that runs is done; those that wait fail. False where it had ended before. */
  async close(): Promise<boolean> {
    if (this.#closed) return false
    this.#closed = true
    await this.#turn
    const executable = this.#executable
    this.#executable = null
    await executable?.[Symbol.asyncDispose]()
    return true
  }

  /** Outputs with what their integers mean. */
  #named(outputs: Tensors): Tensors {
    const named: Record<string, TensorValue> = {}
    for (const { name, quantization } of this.#outputs) {
      const value = outputs[name]
      if (value) named[name] = quantization ? { ...value, quantization } : value
    }
    return named
  }
}
