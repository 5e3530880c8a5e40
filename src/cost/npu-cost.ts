import { nodeFacts } from '../graph/facts.ts'
import { elementCount, type Graph, type Node, numberAttribute } from '../graph/graph.ts'
import type { NpuModel } from './npu-model.ts'
import { activationBytes, workingSets } from './working-set.ts'

/** What a simulated accelerator charges for one node. */
export interface NpuNodeCost {
  /** max(computeS, weightsS) + spillS. */
  readonly latencyS: number
  readonly computeS: number
  /** Weights that come in while it computes. */
  readonly weightsS: number
  /** Activations that are written out and read back. */
  readonly spillS: number
}

/** What a simulated accelerator charges for one run of a graph. */
export interface NpuCost {
  readonly dispatchS: number
  /** Inputs and outputs over the link to the host. */
  readonly transferS: number
  readonly nodes: readonly NpuNodeCost[]
  /** dispatchS + transferS + the nodes. */
  readonly latencyS: number
  /** latencyS times the active power of all rails; null where none is declared. */
  readonly energyJ: number | null
}

const pools: ReadonlySet<string> = new Set(['average_pool_2d', 'max_pool_2d'])

/** Multiply-accumulates of a node; a pool takes every element of its window once. */
function work(node: Node, macs: number | null, elements: number): number {
  if (!pools.has(node.op)) return macs ?? 0
  return elements * numberAttribute(node, 'filterH', 1) * numberAttribute(node, 'filterW', 1)
}

/** Seconds that bytes take over the link between the host and a simulated accelerator; 0 where they share the memory. */
export function npuTransferS(model: NpuModel, bytes: number): number {
  return bytes / model.hostBytesPerS
}

/**
 * What a run of a graph takes on a simulated accelerator:
 * dispatch + transfer + Σ max(fixed cycles + max(MACs / (rate · utilisation), elements · element cost / rate), weights / DMA)
 * + 2 · (activations beyond the SRAM) / DMA. Weights stay inside, first node first, as far as the cache for them reaches.
 */
export function npuCost(graph: Graph, model: NpuModel): NpuCost {
  const { macsPerCycle, clockHz, dmaBytesPerS, sramBytes, dispatchS, activeW } = model
  const sets = workingSets(graph)
  let cacheLeft = model.parameterCacheBytes
  const nodes = nodeFacts(graph).map(({ node, shape, macs, weightBytes }, index): NpuNodeCost => {
    const op = model.ops.get(node.op)
    const elements = elementCount(shape) ?? 0
    const macCycles = work(node, macs, elements) / (macsPerCycle * (op?.utilisation ?? 1))
    const stageCycles = (elements * (op?.elementMacs ?? 0)) / macsPerCycle
    const cached = Math.min(cacheLeft, weightBytes)
    cacheLeft -= cached
    const computeS = ((op?.fixedCycles ?? 0) + Math.max(macCycles, stageCycles)) / clockHz
    const weightsS = (weightBytes - cached) / dmaBytesPerS
    const spillS = (2 * Math.max(0, sets[index]! - sramBytes)) / dmaBytesPerS
    return { computeS, weightsS, spillS, latencyS: Math.max(computeS, weightsS) + spillS }
  })
  const bytes = activationBytes(graph)
  const border = [...graph.inputs, ...graph.outputs].reduce((sum, name) => sum + (bytes.get(name) ?? 0), 0)
  const transferS = npuTransferS(model, border)
  const latencyS = nodes.reduce((sum, node) => sum + node.latencyS, dispatchS + transferS)
  return { dispatchS, transferS, nodes, latencyS, energyJ: activeW === null ? null : latencyS * activeW }
}
