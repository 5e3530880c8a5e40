import type { AcceleratorTarget, SimulatedOps, SimulatedVariant, Simulation } from '../targets/target.ts'

/** What an operator takes and must not exceed, as numbers. */
export interface NpuOp {
  readonly utilisation: number
  readonly elementMacs: number
  readonly fixedCycles: number
  readonly limits: Readonly<Record<keyof NonNullable<SimulatedOps['limits']>, number>>
}

/** One configuration of a simulated accelerator, as numbers. */
export interface NpuModel {
  /** `ethos-u55-128`. */
  readonly id: string
  readonly name: string
  /** Id of the file in `targets/accelerators`. */
  readonly target: string
  readonly dtypes: ReadonlySet<string>
  readonly macsPerCycle: number
  readonly clockHz: number
  readonly sramBytes: number
  readonly spill: 'charged' | 'refused'
  readonly dmaBytesPerS: number
  readonly parameterCacheBytes: number
  /** Infinite where host and accelerator share the memory. */
  readonly hostBytesPerS: number
  readonly dispatchS: number
  /** Of all rails; null where none is declared. */
  readonly activeW: number | null
  readonly idleW: number | null
  readonly ops: ReadonlyMap<string, NpuOp>
}

const none = Number.POSITIVE_INFINITY

function opOf({ utilisationShare, elementMacs, fixedCycles, limits = {} }: SimulatedOps): NpuOp {
  return {
    utilisation: utilisationShare?.value ?? 1,
    elementMacs: elementMacs?.value ?? 0,
    fixedCycles: fixedCycles?.value ?? 0,
    limits: {
      kernelHeightElements: limits.kernelHeightElements?.value ?? none,
      kernelWidthElements: limits.kernelWidthElements?.value ?? none,
      kernelElements: limits.kernelElements?.value ?? none,
      strideElements: limits.strideElements?.value ?? none,
      channelCount: limits.channelCount?.value ?? none,
    },
  }
}

function modelOf(target: AcceleratorTarget, simulation: Simulation, variant: SimulatedVariant): NpuModel {
  const { rails } = simulation
  const total = (values: readonly (number | undefined)[]) =>
    values.length > 0 && values.every((value) => value !== undefined)
      ? values.reduce<number>((sum, value) => sum + value!, 0)
      : null
  return {
    id: variant.id,
    name: variant.id === target.id ? target.name : `${target.name}, ${variant.macsPerCycle.value} MACs a cycle`,
    target: target.id,
    dtypes: new Set(simulation.dtypes.value),
    macsPerCycle: variant.macsPerCycle.value,
    clockHz: variant.clockHz.value,
    sramBytes: simulation.sramBytes.value,
    spill: simulation.spill,
    dmaBytesPerS: simulation.dmaBytesPerS.value,
    parameterCacheBytes: simulation.parameterCacheBytes?.value ?? 0,
    hostBytesPerS: simulation.hostBytesPerS?.value ?? none,
    dispatchS: simulation.dispatchS?.value ?? 0,
    activeW: total(rails.map(({ activeW }) => activeW.value)),
    idleW: total(rails.map(({ idleW }) => idleW?.value)),
    ops: new Map(simulation.ops.flatMap((ops) => ops.names.map((name) => [name, opOf(ops)] as const))),
  }
}

/** The configurations of an accelerator that can be simulated; none where its target declares no simulation. */
export function npuModels(target: AcceleratorTarget): readonly NpuModel[] {
  const { simulation } = target
  return simulation?.variants.map((variant) => modelOf(target, simulation, variant)) ?? []
}
