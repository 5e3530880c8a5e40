import type { Executable, TensorValue } from '../backends/backend.ts'
import type { Catalogue, Variant } from '../catalogue/load.ts'
import type { Cost } from '../core/cost.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { median, quantile } from '../core/stats.ts'
import { modelledEnergy, type PublishedPower } from '../cost/modelled.ts'
import type { LatencyFigure } from '../cost/profile.ts'
import type { PlanReport } from '../report/report.ts'
import { netEnergyJ } from '../trace/idle.ts'
import { inputChecker, type ModelInput } from './input.ts'
import type { MeasuredWindow, PowerSession } from './power.ts'

/** What one inference gave and cost. */
export interface RunResult {
  readonly outputs: Readonly<Record<string, TensorValue>>
  readonly cost: Cost
}

/** A measured run: the same inference repeated in one measuring window. */
export interface MeasuredRun extends RunResult {
  readonly repeats: number
  readonly window: MeasuredWindow | null
}

/** What a loaded model works with. */
export interface ModelContext {
  readonly host: Host
  readonly session: PowerSession | null
  readonly power: PublishedPower | null
  /** Idle power in watts, once it was measured. */
  idlePowerW(): number | null
}

const noEnergy = (latencyS: number, energyReason: string): Cost => ({
  latencyS,
  meanPowerW: null,
  energyJ: null,
  netEnergyJ: null,
  provenance: null,
  energyReason,
})

/** Cost of one inference from published figures, or none with the reason. */
function modelledCost(latencyS: number, power: PublishedPower | null): Cost {
  if (!power) return noEnergy(latencyS, 'no meter, and no published power for this machine in targets/')
  const { energyJ, provenance } = modelledEnergy(latencyS, power)
  const net = power.idleW === null ? null : latencyS * (power.activeW - power.idleW)
  return { latencyS, meanPowerW: power.activeW, energyJ, netEnergyJ: net, provenance }
}

/** Cost of one inference from a measuring window that held `repeats` of them. */
function measuredCost(
  latencyS: number,
  window: MeasuredWindow,
  repeats: number,
  session: PowerSession,
  idlePowerW: number | null,
): Cost {
  const { energy, reason } = window
  if (!energy) return noEnergy(latencyS, reason ?? 'the window holds no samples')
  return {
    latencyS,
    meanPowerW: energy.meanPowerW,
    energyJ: energy.energyJ / repeats,
    netEnergyJ: idlePowerW === null ? null : netEnergyJ(energy, idlePowerW) / repeats,
    provenance: session.meter.info.provenance,
    ...(reason === null ? {} : { energyReason: reason }),
  }
}

/** Latencies that are remembered for the feedback into the profile. */
const keptLatencies = 4096

/** A model that is planned and ready: the chosen variant on the chosen backend. */
export class LoadedModel implements AsyncDisposable {
  /** Key of the chosen candidate in this machine's profile. */
  readonly profileKey: string
  readonly catalogue: Catalogue
  readonly variant: Variant
  readonly plan: PlanReport
  readonly inputs: Executable['inputs']
  readonly outputs: Executable['outputs']
  readonly #executable: Executable
  readonly #context: ModelContext
  readonly #check: ReturnType<typeof inputChecker>
  readonly #latencies: Float64Array = new Float64Array(keptLatencies)
  #runs = 0

  constructor(
    context: ModelContext,
    catalogue: Catalogue,
    plan: PlanReport,
    chosen: { readonly key: string; readonly variant: Variant; readonly executable: Executable },
  ) {
    this.profileKey = chosen.key
    this.catalogue = catalogue
    this.variant = chosen.variant
    this.plan = plan
    this.inputs = chosen.executable.inputs
    this.outputs = chosen.executable.outputs
    this.#executable = chosen.executable
    this.#context = context
    this.#check = inputChecker(chosen.executable.inputs)
  }

  /** Latency over the last runs (at most 4096); null before the first. */
  get latency(): LatencyFigure | null {
    const n = Math.min(this.#runs, keptLatencies)
    if (n === 0) return null
    const kept = this.#latencies.subarray(0, n)
    return { medianS: median(kept), p95S: quantile(kept, 0.95), n }
  }

  /**
   * Runs once. With a meter the energy of this one run is measured (a short run is measured coarsely: see
   * `measure`); without one it is `modelled` from published figures or null with the reason.
   * @param input elements of the only input, or tensors by name
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED
   */
  async run(input: ModelInput): Promise<RunResult> {
    if (this.#context.session) return this.measure(input, { repeats: 1 })
    const tensors = this.#check(input)
    const { outputs, latencyS } = await this.#once(tensors)
    return { outputs, cost: modelledCost(latencyS, this.#context.power) }
  }

  /**
   * Runs the same inference several times in one measuring window; cost is per inference, latency the median.
   * @param options.repeats how often
   * @param options.label name of the window in the trace
   * @throws MilliwattError INPUT_SHAPE, BACKEND_FAILED
   */
  async measure(
    input: ModelInput,
    options: { readonly repeats: number; readonly label?: string },
  ): Promise<MeasuredRun> {
    const tensors = this.#check(input)
    const { repeats } = options
    const latencies = new Float64Array(repeats)
    const body = async () => {
      let outputs: Readonly<Record<string, TensorValue>> = {}
      for (let run = 0; run < repeats; run++) {
        const once = await this.#once(tensors)
        outputs = once.outputs
        latencies[run] = once.latencyS
      }
      return outputs
    }
    const { session, power } = this.#context
    if (!session) {
      const outputs = await body()
      return { outputs, repeats, window: null, cost: modelledCost(median(latencies), power) }
    }
    const { value, window } = await session.window(options.label ?? this.variant.name, repeats, body)
    const cost = measuredCost(median(latencies), window, repeats, session, this.#context.idlePowerW())
    return { outputs: value, repeats, window, cost }
  }

  async #once(
    tensors: Readonly<Record<string, TensorValue>>,
  ): Promise<{ readonly outputs: Readonly<Record<string, TensorValue>>; readonly latencyS: number }> {
    const { clock } = this.#context.host
    try {
      const startS = clock.nowS()
      const outputs = await this.#executable.run(tensors)
      const latencyS = clock.nowS() - startS
      this.#latencies[this.#runs++ % keptLatencies] = latencyS
      return { outputs, latencyS }
    } catch (error) {
      if (error instanceof MilliwattError) throw error
      throw new MilliwattError('BACKEND_FAILED', this.plan.chosen?.backend ?? 'backend', messageOf(error), error)
    }
  }

  /** Gives the engine's memory back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#executable[Symbol.asyncDispose]()
  }
}
