// What the parts of the choice bench share: models, places, candidates, and the oracle's own measurement.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { selectBackends } from '../../dist/backends/list.js'
import { catalogueOfBytes, loadCatalogue } from '../../dist/catalogue/load.js'
import { median, quantile } from '../../dist/core/stats.js'
import { nodeHost } from '../../dist/hosts/node.js'
import { CandidateFigures } from '../../dist/loop/candidate-figures.js'
import { sampleInput } from '../../dist/loop/input.js'
import { probe } from '../../dist/loop/probe.js'
import { tryBackend } from '../../dist/loop/try-backend.js'
import { choose } from '../../dist/plan/choose.js'

export const host = nodeHost()
export const probed = await probe(host)
export const cpu = probed.devices.find(({ kind }) => kind === 'cpu')
export const backends = selectBackends(undefined)
const shared = process.env.MILLIWATT_SHARED ?? join(import.meta.dirname, '../../../shared')

async function family(name, files) {
  const variants = []
  for (const file of files) {
    const path = join(shared, 'data/mlperf-tiny/models', file)
    const {
      variants: [one],
    } = await catalogueOfBytes(host, new Uint8Array(readFileSync(path)), file)
    variants.push({ ...one, name: file })
  }
  return { name, variants }
}

/** Models with their variants: the shipped one, and MLPerf Tiny's in int8 and float32. */
export async function families() {
  const kws = await loadCatalogue(host, 'kws')
  return [
    { name: 'kws', variants: kws.variants },
    await family('visual wake words', ['vww_96_int8.tflite', 'vww_96_float.tflite']),
    await family('image classification', ['pretrainedResnet_quant.tflite', 'pretrainedResnet.tflite']),
    await family('anomaly detection', ['ad01_int8.tflite', 'ad01_fp32.tflite']),
  ]
}

/** Everything of a family that runs on these backends and this device. */
export async function runnables(variants, among, device) {
  const found = []
  for (const variant of variants)
    for (const backend of among) {
      const { executable } = await tryBackend(host, backend, variant, device)
      if (executable)
        found.push({ key: `${variant.name} ${backend.name} ${device.id}`, variant, backend, device, executable })
    }
  return found
}

/** A candidate as the planner sees it. */
export const candidateOf = ({ key, variant, backend, device }, latency, energy = null) => ({
  key,
  variant: variant.name,
  places: [{ backend: backend.name, device: device.id }],
  accuracy: variant.accuracy?.value ?? null,
  modelBytes: variant.bytes,
  arenaBytes: null,
  macs: variant.facts.macs,
  latency,
  energy,
  idle: null,
})

/** The oracle's figures: in turns over all, medians and 95th percentiles over all runs. */
export async function truthsOf(found, rounds = 24, visitS = 0.02) {
  const seconds = new Map(found.map(({ key }) => [key, []]))
  for (let round = 0; round < rounds; round++)
    for (const { key, executable } of found) {
      const input = sampleInput(executable.inputs)
      const endS = host.clock.nowS() + visitS
      for (let run = 0; run < 3 || host.clock.nowS() < endS; run++) {
        const startS = host.clock.preciseS()
        await executable.run(input)
        seconds.get(key).push(host.clock.preciseS() - startS)
      }
    }
  return new Map(
    [...seconds].map(([key, all]) => [key, { medianS: median(all), p95S: quantile(all, 0.95), n: all.length }]),
  )
}

const objectives = {
  latency: ({ latency }) => latency.medianS,
  bytes: ({ modelBytes }) => modelBytes,
  accuracy: ({ accuracy }) => 1 / accuracy,
}

/** The planner's own figures of what runs: first ones of all, more for those that a goal hangs on. */
export class Planner {
  constructor(found) {
    this.found = found.map((one) => ({ ...one, unusable: null }))
    this.figures = new CandidateFigures({ host, probe: probed, backends, session: null, remeasure: true })
  }

  async open() {
    await this.figures.open(this.found, { version: 1, fingerprint: '', entries: {} })
  }

  /** Candidates that a filter lets through, with figures that are good enough for the goal. */
  async seenFor(goal, wanted = () => true) {
    const there = this.found.filter((one) => wanted(candidateOf(one, null)))
    const candidates = () => there.map((one) => candidateOf(one, this.figures.latencies.get(one.key)))
    await this.figures.settleFor(goal, there, candidates)
    return candidates()
  }
}

/** A case for the judge: what the planner chooses of what it saw, and the oracle's figures under the same goal. */
export function caseOf(seen, truths, goal) {
  const { chosen } = choose(seen, goal)
  const best = Math.max(0, ...truths.map(({ accuracy }) => accuracy ?? 0))
  const least = goal.minAccuracy ?? (goal.minRelativeAccuracy ?? 0) * best
  const limits = [
    [({ accuracy }) => (accuracy === null ? 0 : least - accuracy), 0],
    ...(goal.maxLatencyS === undefined ? [] : [[({ latency }) => latency.p95S, goal.maxLatencyS]]),
  ]
  return {
    chosen: truths.find(({ key }) => key === chosen?.key) ?? null,
    feasible: truths.filter((one) => limits.every(([of, most]) => of(one) <= most)),
    limits,
    objective: objectives[goal.minimize],
  }
}
