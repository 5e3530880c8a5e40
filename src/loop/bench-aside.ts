import type { Host } from '../core/host.ts'
import { type BenchJob, type BenchPlace, type PreparedJob, prepareJob } from './bench-place.ts'

/** What became of a job that was prepared aside; no engine where the place has not got it. */
interface Ended {
  readonly job: BenchJob
  readonly prepared: PreparedJob | null
}

/** So many engines wait to be taken at most: each of them holds memory. */
const mostWaiting = 4

/**
 * Prepares the jobs of a place in its order, one after another, while other places are timed: for engines whose
 * preparation goes on in another process. On a machine of one core nobody should do that.
 */
export class PreparedAside implements AsyncDisposable {
  readonly place: BenchPlace
  readonly #host: Host
  readonly #ended: Ended[] = []
  #current: Promise<void> | null = null
  #closed = false

  constructor(host: Host, place: BenchPlace) {
    this.#host = host
    this.place = place
    this.#begin()
  }

  /** Begins the next job unless one is under way or enough wait to be taken. */
  #begin(): void {
    const job = this.place.jobs[this.#ended.length]
    if (this.#closed || this.#current || this.#ended.length >= mostWaiting || !job) return
    this.#current = prepareJob(this.#host, this.place, job).then((prepared) => {
      this.#ended.push({ job, prepared })
      this.#current = null
      this.#begin()
    })
  }

  /** Resolves when there is something to take, or nothing left to do. */
  async wait(): Promise<void> {
    if (this.#ended.length === 0) await this.#current
  }

  /** The engines that are ready, which are the caller's from now on; their jobs count as done. */
  take(): readonly PreparedJob[] {
    const ended = this.#ended.splice(0)
    this.place.jobs.splice(0, ended.length)
    this.#begin()
    return ended.flatMap(({ prepared }) => prepared ?? [])
  }

  /** Waits for the job under way and drops what nobody took: those jobs are still to be done. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#current
    for (const { prepared } of this.#ended) await prepared?.executable[Symbol.asyncDispose]()
  }
}
