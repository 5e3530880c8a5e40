import { median } from '../../core/stats.ts'
import type { Candidate } from '../candidate.ts'
import { SlowDown } from './slow-down.ts'

/** What is known of a candidate that does not run: its last level, and how its devices stood then. */
interface Remembered {
  readonly level: number
  readonly devices: ReadonlyMap<string, number>
}

const devicesOf = ({ places }: Candidate): readonly string[] => [...new Set(places.map(({ device }) => device))]

/**
 * The slow-down that is believed of every candidate, as logarithms. That of the running one is measured. The others keep
 * what was measured of them last (at first: as predicted), moved by what the running candidates have shown of the devices
 * that they share since then; of several devices the slowest counts. A device that nobody ran on since is believed unchanged.
 */
export class Beliefs {
  readonly #candidates: ReadonlyMap<string, Candidate>
  readonly #remembered = new Map<string, Remembered>()
  /** Movements of each device, added up. */
  readonly #devices = new Map<string, number>()
  #running: string
  #tracker = new SlowDown(0)

  constructor(candidates: readonly Candidate[], running: string) {
    this.#candidates = new Map(candidates.map((candidate) => [candidate.key, candidate]))
    this.#running = running
    for (const { key } of candidates) this.#remember(key, 0)
  }

  /** Logarithm of the slow-down of a candidate. */
  of(key: string): number {
    if (key === this.#running) return this.#tracker.level
    const { level, devices } = this.#remembered.get(key)!
    return level + Math.max(...[...devices].map(([device, then]) => this.#device(device) - then))
  }

  /** Change of the running candidate's slow-down per second, as logarithm; null when not known. */
  get driftPerS(): number | null {
    return this.#tracker.driftPerS
  }

  /** A time of the running candidate over its predicted one. Tells of a step. */
  ran(timeS: number, ratio: number): 'slower' | 'faster' | null {
    const before = this.#tracker.level
    const step = this.#tracker.add(timeS, Math.log(ratio))
    const moved = this.#tracker.level - before
    for (const device of devicesOf(this.#candidates.get(this.#running)!))
      this.#devices.set(device, this.#device(device) + moved)
    return step
  }

  /** Times of a candidate that does not run over its predicted one: their median is believed. */
  probed(key: string, ratios: readonly number[]): void {
    this.#remember(key, Math.log(median(ratios)))
  }

  /** Another candidate runs from now on. */
  switch(key: string): void {
    const prior = this.of(key)
    this.#remember(this.#running, this.#tracker.level)
    this.#running = key
    this.#tracker = new SlowDown(prior)
  }

  #device(device: string): number {
    return this.#devices.get(device) ?? 0
  }

  #remember(key: string, level: number): void {
    const devices = devicesOf(this.#candidates.get(key)!).map((device) => [device, this.#device(device)] as const)
    this.#remembered.set(key, { level, devices: new Map(devices) })
  }
}
