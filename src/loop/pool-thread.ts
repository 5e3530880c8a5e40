import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host, HostWorker } from '../core/host.ts'
import type { Tensors } from './engine-slot.ts'
import { fromSent, type PoolAnswer, type PoolRequest, type PrepareRequest } from './pool-messages.ts'

/** Seconds that a worker may take to get the model ready. */
const prepareDeadlineS = 120

interface Pending {
  readonly resolve: (answer: PoolAnswer) => void
  readonly reject: (error: MilliwattError) => void
}

/** One worker with its own instance of the model. It takes one request at a time. */
export class PoolThread {
  /** Rejects when the worker cannot get the model ready. */
  readonly ready: Promise<unknown>
  readonly #worker: HostWorker
  readonly #host: Host
  readonly #backend: string
  #pending: Pending | null = null
  #ended = false

  constructor(host: Host, worker: HostWorker, prepare: PrepareRequest) {
    this.#host = host
    this.#worker = worker
    this.#backend = prepare.backend
    worker.onMessage((message) => this.#settle(({ resolve }) => resolve(message as PoolAnswer)))
    worker.onEnd((reason) => {
      this.#ended = true
      this.#settle(({ reject }) => reject(this.#failure(`Its worker ended: ${reason}.`)))
    })
    this.ready = this.#ask(prepare, [], prepareDeadlineS)
  }

  /** The worker is gone and takes no more requests. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Runs once. A worker that does not answer in time is ended.
   * @param transfer buffers of the inputs that are moved, not copied
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED
   */
  async run(inputs: Tensors, transfer: readonly ArrayBuffer[], deadlineS: number): Promise<Tensors> {
    const answer = await this.#ask({ kind: 'run', inputs }, transfer, deadlineS)
    if (answer.kind === 'done') return answer.outputs
    throw this.#failure('Its worker gave no outputs.')
  }

  /** Ends the worker; what it was doing fails. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#worker.end()
  }

  #post(request: PoolRequest, transfer: readonly ArrayBuffer[]): void {
    try {
      this.#worker.post(request, transfer)
    } catch (error) {
      throw this.#failure(`Nothing could be sent to its worker: ${messageOf(error)}.`)
    }
  }

  #failure(detail: string): MilliwattError {
    return new MilliwattError('BACKEND_FAILED', this.#backend, detail)
  }

  #settle(settle: (pending: Pending) => void): void {
    const pending = this.#pending
    this.#pending = null
    if (pending) settle(pending)
  }

  async #ask(request: PoolRequest, transfer: readonly ArrayBuffer[], deadlineS: number): Promise<PoolAnswer> {
    if (this.#ended) throw this.#failure('Its worker has ended.')
    const answered = new AbortController()
    const answer = new Promise<PoolAnswer>((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
    void this.#host.clock.sleep(deadlineS, answered.signal).then(async () => {
      if (answered.signal.aborted) return
      this.#ended = true
      this.#settle(({ reject }) => reject(this.#failure(`Its worker did not answer within ${deadlineS} s.`)))
      await this.end()
    })
    try {
      this.#post(request, transfer)
      const given = await answer
      if (given.kind === 'failed') throw fromSent(given.error)
      return given
    } finally {
      this.#pending = null
      answered.abort()
    }
  }
}
