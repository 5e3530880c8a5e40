import { MilliwattError } from '../core/errors.ts'

/** Where the engine ran one node; `at` is the accelerator's own name for itself or `cpu`. */
export interface PlacedNode {
  readonly name: string
  readonly op: string
  readonly at: string
}

/** What runs a node that no accelerator took. */
export const processor = 'cpu'

/** Where every node of a prepared model runs, read back from the engine. */
export interface Placement {
  /** Name of the accelerator that was asked for. */
  readonly accelerator: string
  /** Nodes as the engine runs them: some engines fuse several into one. */
  readonly nodes: readonly PlacedNode[]
  /** Copies between memories and layouts in one run, where the engine tells them. */
  readonly copies?: number
}

/** How to spread a model between an accelerator and the processor; engines without accelerator have no use for it. */
export interface PlacementOptions {
  /** Names of nodes that stay on the processor although the accelerator could take them. */
  readonly keepOnCpu?: readonly string[]
  /** Whether nodes that the accelerator does not take may run on the processor; `report` by default, never silently. */
  readonly fallback?: 'report' | 'refuse'
}

const countByOp = (nodes: readonly PlacedNode[]): string => {
  const counts = new Map<string, number>()
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1)
  return [...counts].map(([op, count]) => (count > 1 ? `${op} ×${count}` : op)).join(', ')
}

/** Nodes that the processor runs. */
const leftOver = ({ nodes }: Placement): readonly PlacedNode[] => nodes.filter(({ at }) => at === processor)

/** One line: `webgpu took 7 of 13 nodes; on the processor: Softmax, Reshape ×2`. */
export function describePlacement(placement: Placement): string {
  const { accelerator, nodes } = placement
  const left = leftOver(placement)
  const rest = left.length > 0 ? `; on the processor: ${countByOp(left)}` : ''
  const moved = placement.copies ? `; ${placement.copies} copies between them` : ''
  return `${accelerator} took ${nodes.length - left.length} of ${nodes.length} nodes${rest}${moved}`
}

/**
 * Passes a placement on if it is what was asked for.
 * @param where name of the engine
 * @throws MilliwattError FALLBACK_REFUSED when the accelerator took no node, or when fallback is refused and the
 * processor runs others than those that were to stay there
 */
export function checkPlacement(
  where: string,
  placement: Placement,
  { keepOnCpu = [], fallback = 'report' }: PlacementOptions = {},
): Placement {
  const left = leftOver(placement)
  const unasked = left.filter(({ name }) => !keepOnCpu.includes(name))
  const none = left.length === placement.nodes.length
  if (none || (fallback === 'refuse' && unasked.length > 0))
    throw new MilliwattError('FALLBACK_REFUSED', where, `${describePlacement(placement)}.`)
  return placement
}
