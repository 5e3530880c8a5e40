import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { BorderTensor } from './border.ts'
import type { Tensors } from './engine-slot.ts'
import { inputChecker, type ModelInput } from './input.ts'
import { ownBuffers, ownCopies, type PrepareRequest } from './pool-messages.ts'
import { PoolThread } from './pool-thread.ts'

/** How to open a pool of workers. */
export interface PoolOptions {
  /** How many workers, each with its own instance of the model; 2 by default. */
  readonly workers?: number
  /** Allows a model with state, of which every worker then keeps its own; which worker a task gets is not defined. */
  readonly separateState?: boolean
  /** A worker that takes longer than this for one task, in seconds, is ended and replaced; 60 by default. */
  readonly deadlineS?: number
}

/** How to run one task. */
export interface TaskOptions {
  /** Takes the task off the queue. One that runs already is left to itself, and its outputs are dropped. */
  readonly signal?: AbortSignal
  /** Moves the inputs' buffers to the worker where an array owns its whole buffer: the caller's arrays become empty. */
  readonly transfer?: boolean
}

/** What a pool is made of. */
export interface PoolParts {
  readonly host: Host
  readonly request: PrepareRequest
  readonly inputs: readonly BorderTensor[]
  readonly outputs: readonly BorderTensor[]
}

interface Task {
  readonly inputs: Tensors
  readonly buffers: readonly ArrayBuffer[]
  readonly resolve: (outputs: Tensors) => void
  readonly reject: (reason: unknown) => void
}

/** One model on several workers. Tasks wait in one queue and start in order; each takes the first worker that is free. */
export class ModelPool implements AsyncDisposable {
  readonly inputs: readonly BorderTensor[]
  readonly outputs: readonly BorderTensor[]
  readonly #parts: PoolParts
  readonly #deadlineS: number
  readonly #check: ReturnType<typeof inputChecker>
  readonly #threads = new Set<PoolThread>()
  readonly #idle: PoolThread[] = []
  readonly #queue: Task[] = []
  readonly #running = new Set<Task>()
  #closed: MilliwattError | null = null

  constructor(parts: PoolParts, options: PoolOptions) {
    this.#parts = parts
    this.inputs = parts.inputs
    this.outputs = parts.outputs
    this.#deadlineS = options.deadlineS ?? 60
    this.#check = inputChecker(parts.inputs)
  }

  /** Workers that are there, getting ready or running. */
  get workers(): number {
    return this.#threads.size
  }

  /**
   * Adds a worker; it takes tasks when it is ready.
   * @throws MilliwattError BACKEND_LACKS, BACKEND_FAILED
   */
  async addWorker(): Promise<void> {
    const { host, request } = this.#parts
    const worker = host.startWorker?.()
    if (!worker)
      throw new MilliwattError('BACKEND_LACKS', 'workers', 'This host has no threads; use runAsync of the model.')
    const thread = new PoolThread(host, worker, request)
    this.#threads.add(thread)
    try {
      await thread.ready
    } catch (error) {
      this.#threads.delete(thread)
      await thread.end()
      throw error
    }
    if (this.#closed) return thread.end()
    this.#idle.push(thread)
    this.#next()
  }

  /**
   * Runs once on the next worker that is free; the outputs belong to the caller.
   * @param input elements of the only input, or by name a tensor or the elements of each input; copied unless `transfer`
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED if the engine or its worker fails, MODEL_DISPOSED; the signal's
   * reason when it aborts
   */
  async runAsync(input: ModelInput, options: TaskOptions = {}): Promise<Tensors> {
    const { signal, transfer = false } = options
    signal?.throwIfAborted()
    if (this.#closed) throw this.#closed
    const given = this.#check(input)
    const inputs = transfer ? given : ownCopies(given)
    const outputs = await this.#enqueue(inputs, ownBuffers(inputs), signal)
    return this.#named(outputs)
  }

  #enqueue(inputs: Tensors, buffers: readonly ArrayBuffer[], signal: AbortSignal | undefined): Promise<Tensors> {
    return new Promise<Tensors>((resolve, reject) => {
      const task = { inputs, buffers, resolve: settle(resolve), reject: settle(reject) }
      const abort = () => {
        const at = this.#queue.indexOf(task)
        if (at >= 0) this.#queue.splice(at, 1)
        task.reject(signal?.reason)
      }
      function settle<T>(end: (value: T) => void): (value: T) => void {
        return (value) => {
          signal?.removeEventListener('abort', abort)
          end(value)
        }
      }
      signal?.addEventListener('abort', abort)
      this.#queue.push(task)
      this.#next()
    })
  }

  /** Outputs with what their integers mean. */
  #named(outputs: Tensors): Tensors {
    return Object.fromEntries(
      this.outputs.map(({ name, quantization }) => [name, { ...outputs[name]!, quantization }] as const),
    )
  }

  #next(): void {
    while (this.#queue.length > 0 && this.#idle.length > 0) void this.#run(this.#idle.shift()!, this.#queue.shift()!)
  }

  async #run(thread: PoolThread, task: Task): Promise<void> {
    this.#running.add(task)
    try {
      task.resolve(await thread.run(task.inputs, task.buffers, this.#deadlineS))
    } catch (error) {
      task.reject(error)
    }
    this.#running.delete(task)
    if (thread.ended) await this.#replace(thread)
    else this.#idle.push(thread)
    this.#next()
  }

  /** A worker that died is replaced; when none is left and none can be made, all that waits fails. */
  async #replace(thread: PoolThread): Promise<void> {
    this.#threads.delete(thread)
    if (this.#closed) return
    try {
      await this.addWorker()
    } catch (error) {
      if (this.#threads.size === 0) this.#close(error as MilliwattError)
    }
  }

  #close(error: MilliwattError): void {
    this.#closed ??= error
    for (const task of [...this.#queue.splice(0), ...this.#running]) task.reject(error)
  }

  /** Ends all workers. What waits or runs fails with MODEL_DISPOSED. */
  async dispose(): Promise<void> {
    this.#close(new MilliwattError('MODEL_DISPOSED', 'pool'))
    await Promise.all([...this.#threads].map((thread) => thread.end()))
    this.#threads.clear()
  }

  /** The same as `dispose`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }
}
