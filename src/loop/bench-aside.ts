import type { Host } from '../core/host.ts'
import { type BenchJob, type BenchPlace, type PreparedJob, prepareJob } from './bench-place.ts'

/** What became of a job that was prepared aside; no engine where the place has not got it. */
interface Ended {
  readonly job: BenchJob
  readonly prepared: PreparedJob | null
}

/**
 * Prepares the jobs of a place in its order, one at a time, while other places are timed: for engines whose preparation
 * goes on in another process. On a machine of one core nobody should do that.
 */
export class PreparedAside implements AsyncDisposable {
  readonly place: BenchPlace
  readonly #host: Host
  #current: Promise<void> | null = null
  #ended: Ended | null = null

  constructor(host: Host, place: BenchPlace) {
    this.#host = host
    this.place = place
  }

  /** Begins the next job unless one is under way or waits to be taken. */
  begin(): void {
    const [job] = this.place.jobs
    if (this.#current || this.#ended || !job) return
    this.#current = prepareJob(this.#host, this.place, job).then((prepared) => {
      this.#ended = { job, prepared }
      this.#current = null
    })
  }

  /** Resolves when the job under way has ended; at once where there is none. */
  async wait(): Promise<void> {
    await this.#current
  }

  /** The engine that is ready, which is the caller's from now on; its job counts as done. Null where none is. */
  take(): PreparedJob | null {
    const ended = this.#ended
    if (!ended) return null
    this.#ended = null
    this.place.jobs.shift()
    return ended.prepared
  }

  /** Waits for the job under way and drops its engine: the job is still to be done. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.wait()
    await this.#ended?.prepared?.executable[Symbol.asyncDispose]()
    this.#ended = null
  }
}
