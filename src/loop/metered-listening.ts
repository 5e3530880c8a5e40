import type { Card } from '../catalogue/card.ts'
import type { Cost } from '../core/cost.ts'
import type { Host } from '../core/host.ts'
import type { CascadeNets } from './cascade-nets.ts'
import type { ListeningPower } from './governor.ts'
import { columnMaker, columnTimeS } from './listening-power.ts'
import type { LoadedModel } from './model.ts'
import type { OpenFrontend } from './model-frontend.ts'
import { measuredCost, modelledCost } from './run-cost.ts'
import { allocate } from './run-into.ts'
import type { Runtime } from './runtime.ts'

/** What listening costs, or why nobody knows; and how it was found, in words. */
export interface ListeningCosts {
  readonly power: ListeningPower | null
  readonly source: string
}

/** With what costs are measured. */
export interface ListeningCostOptions {
  readonly host: Host
  readonly runtime: Runtime
  readonly card: Card
  readonly frontend?: OpenFrontend | undefined
  /** Length of a measuring window in seconds. */
  readonly windowS: number
}

async function columnCost({ host, runtime, card, frontend, windowS }: ListeningCostOptions): Promise<Cost> {
  const latencyS = columnTimeS(card.features, host.clock, frontend)
  const { session, idlePowerW, probe } = runtime
  if (!session) return modelledCost(latencyS, probe.power)
  const columns = Math.max(1, Math.ceil(windowS / latencyS))
  const next = columnMaker(card.features, frontend)
  const { window } = await session.window('front end', columns, async () => {
    for (let column = 0; column < columns; column++) next()
  })
  return measuredCost(latencyS, window, columns, session, idlePowerW)
}

async function netCost(model: LoadedModel, { windowS }: ListeningCostOptions): Promise<Cost> {
  const repeats = Math.max(1, Math.ceil(windowS / (model.plan.chosen?.latencyS ?? windowS)))
  const { cost } = await model.measure(allocate(model.inputs), { repeats, label: model.variant.name })
  return cost
}

const aboveIdleJ = ({ netEnergyJ, energyJ }: Cost) => netEnergyJ ?? energyJ

/**
 * What listening costs on this machine: front end and nets each in a measuring window of their own where a meter runs, else
 * by the machine's published power. Figures of incomplete windows are not taken.
 */
export async function listeningCosts(nets: CascadeNets, options: ListeningCostOptions): Promise<ListeningCosts> {
  const { runtime } = options
  const [smallModel, largeModel] = nets.models
  const column = await columnCost(options)
  const small = await netCost(smallModel, options)
  const large = smallModel === largeModel ? small : await netCost(largeModel, options)
  const all = [column, small, large]
  const reason = all.find(({ energyReason }) => energyReason !== undefined)?.energyReason
  const [columnJ, smallJ, largeJ] = all.map(aboveIdleJ)
  const { provenance } = small
  if (reason !== undefined || columnJ == null || smallJ == null || largeJ == null || provenance === null)
    return { power: null, source: reason ?? 'a window held no samples' }
  const stages = nets.costs(smallJ, largeJ)
  const idleW = runtime.session ? (runtime.idlePowerW ?? 0) : (runtime.probe.power?.idleW ?? 0)
  return {
    power: { idleW, columnJ, smallJ: stages.small, earlyJ: stages.early, largeJ: stages.large, provenance },
    source: runtime.session
      ? 'front end and nets in measuring windows of their own, times how often each ran'
      : "the machine's published power, times how long each part took here",
  }
}
