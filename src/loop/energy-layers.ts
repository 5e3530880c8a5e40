import type { Variant } from '../catalogue/load.ts'
import { compileGraph } from '../compile/compile.ts'
import { hostSimd } from '../compile/host-simd.ts'
import { instantiate, type RunningModel } from '../compile/instantiate.ts'
import { FunctionBuilder } from '../compile/wasm/function.ts'
import { ModuleBuilder } from '../compile/wasm/module.ts'
import { webAssembly } from '../compile/webassembly.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Provenance } from '../core/provenance.ts'
import { random } from '../core/random.ts'
import { median } from '../core/stats.ts'
import { type LayerRound, type LayerSolution, solveLayers } from '../energy/layers.ts'
import { segmentIn } from '../formats/forms.ts'
import { originOf } from '../graph/segment.ts'
import { instrumentLimits } from './energy-instrument.ts'
import { sampleInput } from './input.ts'
import type { PowerSession } from './power.ts'
import { type OnProgress, stopIfAborted } from './progress.ts'

/** How to measure layers. */
export interface LayerMeasureOptions {
  readonly rounds: number
  /** Length of one window in seconds; each layer is repeated to fill it. */
  readonly windowS: number
  readonly confidence?: number
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** Energy by layers of one model. */
export interface LayerMeasurement {
  readonly solution: LayerSolution
  /** In the order of the solution; `runS` is the median time of one run of the layer. */
  readonly layers: readonly { readonly kernel: string; readonly macs: number; readonly runS: number }[]
  readonly provenance: Provenance
  readonly windowS: number
}

/** Something that is repeated in a window. `layer` is its column of the design: -1 the empty call, -2 the whole. */
interface Part {
  readonly layer: number
  readonly call: () => void
  /** Calls that fill a window. */
  readonly repeats: number
  /** How long each window was by the meter's clock. */
  readonly durationsS: number[]
}

/** Tries of which the fastest counts: a virtual machine's first calls run code that is not optimised yet. */
const timingTries = 5

/** A call that does nothing, to learn what a call costs. */
function emptyCall(): () => void {
  const module = new ModuleBuilder()
  module.add(new FunctionBuilder([], []), 'nothing')
  const bytes = module.bytes(0, [], { name: 'empty', content: new Uint8Array(0) })
  return new webAssembly.Instance(new webAssembly.Module(bytes)).exports.nothing as () => void
}

function compileLayers(variant: Variant): RunningModel {
  const { graph } = segmentIn(variant.segment, 'canonical')
  const semantics = originOf(variant.segment) === 'tflite' ? 'tflm' : 'fp32'
  // Every value keeps its place, so that each layer finds its inputs whatever ran before.
  const { wasm } = compileGraph(graph, { semantics, simd: hostSimd(), layers: true, keepAll: true, prune: true })
  const model = instantiate(wasm)
  const inputs = sampleInput(model.inputs)
  for (const tensor of model.inputs) tensor.data.set(inputs[tensor.name]!.data as typeof tensor.data)
  model.run()
  return model
}

/** Time of one call: the least of several tries, each of enough calls to fill a tenth of a window. */
function timeCall(host: Host, call: () => void, windowS: number): number {
  let calls = 1
  let leastS = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < timingTries; ) {
    const startS = host.clock.nowS()
    for (let i = 0; i < calls; i++) call()
    const tookS = host.clock.nowS() - startS
    if (tookS < windowS / 10) {
      calls *= 2
      continue
    }
    leastS = Math.min(leastS, tookS / calls)
    tries++
  }
  return leastS
}

function partsOf(host: Host, model: RunningModel, windowS: number): readonly Part[] {
  const part = (layer: number, call: () => void): Part => {
    const runS = timeCall(host, call, windowS)
    return { layer, call, repeats: Math.max(1, Math.ceil(windowS / runS)), durationsS: [] }
  }
  const layers = model.layers.flatMap((call, layer) => (call ? [part(layer, call)] : []))
  return [part(-1, emptyCall()), part(-2, () => model.run()), ...layers]
}

/** Parts in an order of their own each round, so that what drifts hits all alike. */
function shuffled<T>(items: readonly T[], next: () => number): readonly T[] {
  return items
    .map((item) => ({ item, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

async function measurePart(power: PowerSession, { call, repeats, layer, durationsS }: Part): Promise<number> {
  const { window } = await power.window(`layer ${layer}`, repeats, async () => {
    for (let run = 0; run < repeats; run++) call()
  })
  if (window.energy?.verdict === 'complete') {
    durationsS.push(window.energy.durationS)
    return window.energy.energyJ
  }
  if (power.lost) throw power.lost
  throw new MilliwattError('METER_LOST', power.meter.info.path, `A window has no whole energy: ${window.reason}.`)
}

async function measureRound(
  power: PowerSession,
  parts: readonly Part[],
  columns: readonly number[],
  next: () => number,
): Promise<LayerRound> {
  const energies = new Map<Part, number>()
  for (const part of shuffled(parts, next)) energies.set(part, await measurePart(power, part))
  const whole = parts.find(({ layer }) => layer === -2)!
  const runs = parts
    .filter((part) => part !== whole)
    .map((part) => ({
      counts: columns.map((column) => (column === part.layer ? part.repeats : 0)),
      calls: part.repeats,
      energyJ: energies.get(part)!,
    }))
  return { runs, wholeJ: energies.get(whole)! / whole.repeats }
}

/**
 * Energy of every layer of a model on the compiled engine: rounds of windows, one a layer, one for the whole model and
 * one for a call that does nothing, in a new order each round.
 * @throws MilliwattError OP_UNSUPPORTED, BACKEND_FAILED, METER_LOST when a window has no whole energy
 */
export async function measureLayers(
  host: Host,
  power: PowerSession,
  variant: Variant,
  options: LayerMeasureOptions,
): Promise<LayerMeasurement> {
  const { rounds, windowS, onProgress, signal } = options
  const model = compileLayers(variant)
  const parts = partsOf(host, model, windowS)
  const columns = parts.flatMap(({ layer }) => (layer >= 0 ? [layer] : []))
  const next = random(1)
  const measured: LayerRound[] = []
  for (let round = 0; round < rounds; round++) {
    stopIfAborted(signal)
    measured.push(await measureRound(power, parts, columns, next))
    onProgress?.({ stage: 'layers', done: round + 1, total: rounds })
  }
  const { info } = power.meter
  const solution = solveLayers(measured, {
    names: columns.map((column) => model.manifest.layers[column]!.name),
    instrument: instrumentLimits(info),
    ...(options.confidence === undefined ? {} : { confidence: options.confidence }),
  })
  if ('reason' in solution) throw new MilliwattError('BACKEND_FAILED', variant.name, `Layers: ${solution.reason}.`)
  return {
    solution,
    layers: columns.map((column) => {
      const { kernel, macs } = model.manifest.layers[column]!
      const { durationsS, repeats } = parts.find(({ layer }) => layer === column)!
      return { kernel, macs, runS: median(durationsS) / repeats }
    }),
    provenance: info.provenance,
    windowS,
  }
}
