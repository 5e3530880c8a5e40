import type { ManifestLayer } from '../compile/manifest.ts'
import { median } from '../core/stats.ts'
import type { LayerProfile, ProfileOptions } from './backend.ts'

/** Rounds that are run first and not counted, so that the host's compiler has optimised the code. */
const warmUpRounds = 50

/** One run by a clock of the model's own: seconds of every layer that has something to do, and of reading that clock. */
export interface StampedRun {
  readonly layersS: readonly number[]
  readonly clockS: number
}

/** A model whose layers can be run one by one; null where a layer has nothing to do. */
export interface LayeredModel {
  readonly manifest: { readonly layers: readonly ManifestLayer[] }
  run(): void
  readonly layers: readonly ((() => void) | null)[]
  /** A call that does nothing, where a call itself takes time that counts. */
  nothing?(): void
  /** Only of models that have a clock of their own, which disturbs less than one around every call. */
  stamped?(): StampedRun
}

interface Times {
  readonly whole: Float64Array
  readonly clock: Float64Array
  readonly layers: readonly Float64Array[]
  /** What of every layer's time is the clock's. */
  readonly layerClock: Float64Array
}

/** One round: the whole model, the clock alone (with a call that does nothing), then layer by layer. */
function timeRound(model: LayeredModel, write: () => void, times: Times, round: number, now: () => number): void {
  write()
  let before = now()
  model.run()
  times.whole[round] = now() - before
  before = now()
  model.nothing?.()
  times.clock[round] = now() - before
  write()
  if (model.stamped) noteStamps(model.layers, model.stamped(), times, round)
  else {
    times.layerClock[round] = times.clock[round]!
    model.layers.forEach((layer, index) => {
      if (!layer) return
      before = now()
      layer()
      times.layers[index]![round] = now() - before
    })
  }
}

function noteStamps(layers: LayeredModel['layers'], { layersS, clockS }: StampedRun, times: Times, round: number) {
  times.layerClock[round] = clockS
  let next = 0
  layers.forEach((layer, index) => {
    if (layer) times.layers[index]![round] = layersS[next++]!
  })
}

function measure(model: LayeredModel, write: () => void, { repeats, preciseS }: ProfileOptions): Times {
  const times = {
    whole: new Float64Array(repeats),
    clock: new Float64Array(repeats),
    layers: model.layers.map(() => new Float64Array(repeats)),
    layerClock: new Float64Array(repeats),
  }
  for (let round = 0; round < Math.min(warmUpRounds, repeats); round++) timeRound(model, write, times, round, preciseS)
  for (let round = 0; round < repeats; round++) timeRound(model, write, times, round, preciseS)
  return times
}

const costOf = (layer: ManifestLayer, latencyS: number, layersS: number) => {
  const { name, op, kernel, macs, constantBytes, outputBytes, scratchBytes } = layer
  const share = layersS > 0 ? latencyS / layersS : 0
  return { name, op, kernel, latencyS, share, macs, constantBytes, outputBytes, scratchBytes }
}

/**
 * Times every layer of a model that exports them, in turn with whole runs. Layers that share their input's place do
 * nothing and take no time.
 * @param write puts the inputs into the model; they must be written before every run
 */
export function profileLayers(
  model: LayeredModel,
  engine: string,
  write: () => void,
  options: ProfileOptions,
): LayerProfile {
  const times = measure(model, write, options)
  const clockS = median(times.layerClock)
  const timed = model.layers.map((layer, index) => (layer ? median(times.layers[index]!) : null))
  const latencies = timed.map((latencyS) => (latencyS === null ? 0 : Math.max(0, latencyS - clockS)))
  const wholeS = Math.max(0, median(times.whole) - median(times.clock))
  const timedS = timed.reduce<number>((sum, latencyS) => sum + (latencyS ?? 0), 0)
  return {
    ...layerProfile(model.manifest.layers, latencies, wholeS, {
      engine,
      repeats: options.repeats,
      statistic: 'median',
    }),
    clockS,
    overhead: wholeS > 0 ? timedS / wholeS - 1 : 0,
  }
}

/** The profile of layers that took these seconds each, and `wholeS` together without a clock in between. */
export function layerProfile(
  layers: readonly ManifestLayer[],
  seconds: readonly number[],
  wholeS: number,
  about: Pick<LayerProfile, 'engine' | 'repeats' | 'statistic'>,
): LayerProfile {
  const layersS = seconds.reduce((sum, latencyS) => sum + latencyS, 0)
  const apart = wholeS > 0 ? layersS / wholeS - 1 : 0
  return {
    ...about,
    wholeS,
    layersS,
    clockS: 0,
    overhead: apart,
    residual: apart,
    layers: layers.map((layer, index) => costOf(layer, seconds[index] ?? 0, layersS)),
  }
}
