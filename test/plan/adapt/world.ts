import { type Random, random } from '../../../src/core/random.ts'
import { type Advice, Replanner } from '../../../src/plan/adapt/replanner.ts'
import type { Candidate } from '../../../src/plan/candidate.ts'
import type { Goal } from '../../../src/plan/goal.ts'

/** A candidate as it is predicted: latency in milliseconds on a device. */
export function candidate(key: string, latencyMs: number, device: string, extra: Partial<Candidate> = {}): Candidate {
  return {
    key,
    variant: key,
    places: [{ backend: 'engine', device }],
    accuracy: 0.95,
    modelBytes: 50_000,
    arenaBytes: null,
    macs: null,
    latency: { medianS: latencyMs / 1e3, p95S: (latencyMs * 1.2) / 1e3, n: 100 },
    energy: null,
    idle: null,
    ...extra,
  }
}

/** How a simulated machine behaves. */
export interface World {
  readonly candidates: readonly Candidate[]
  readonly goal: Goal
  readonly running: string
  readonly inferences: number
  readonly seed: number
  /** Coefficient of variation of the noise. */
  readonly cv: number
  /** Part of the inferences that take 2 to 10 times as long, whatever runs. */
  readonly tails?: number
  /** True slow-down of a device at an inference; 1 is as predicted. */
  readonly slowDown?: (device: string, index: number) => number
  readonly missed?: (key: string, index: number, draw: Random) => boolean
  readonly batteryLeft?: (index: number) => number
}

/** What came of it. */
export interface Story {
  readonly switches: readonly { readonly at: number; readonly to: string; readonly reason: string }[]
  readonly probes: number
  /** The advice after every inference. */
  readonly advice: readonly Advice[]
}

/** Runs a simulated machine under a replanner, one inference a second, doing whatever it says. */
export function live(world: World): Story {
  const { candidates, goal, inferences, cv, tails = 0, slowDown = () => 1 } = world
  const draw = random(world.seed)
  const replanner = new Replanner(candidates, goal, world.running)
  const sigma = Math.sqrt(Math.log(1 + cv * cv))
  const latencyS = (key: string, index: number) => {
    const { latency, places } = candidates.find((one) => one.key === key)!
    const tail = draw() < tails ? 2 + 8 * draw() : 1
    return latency!.medianS * slowDown(places[0]!.device, index) * Math.exp(sigma * draw.normal()) * tail
  }
  const switches: { at: number; to: string; reason: string }[] = []
  const advice: Advice[] = []
  let running = world.running
  let probes = 0
  const see = (key: string, index: number) => {
    const told = replanner.observe({
      key,
      timeS: index,
      latencyS: latencyS(key, index),
      ...(world.missed ? { missedDeadline: world.missed(key, index, draw) } : {}),
      ...(world.batteryLeft ? { batteryLeft: world.batteryLeft(index) } : {}),
    })
    if (told.action === 'switch') switches.push({ at: index, to: told.key, reason: told.reason })
    running = told.key
    return told
  }
  for (let index = 0; index < inferences; index++) {
    let told = see(running, index)
    advice.push(told)
    if (told.probe !== null && told.action === 'keep') {
      probes++
      told = see(told.probe, index)
    }
  }
  return { switches, probes, advice }
}
