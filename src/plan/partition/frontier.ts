import type { PartitionProblem } from './problem.ts'

/** What changes among the live tensors when one node runs. A slot is a position in `before`. */
export interface FrontierStep {
  /** Tensors that live before the node runs: made already, with a reader left. */
  readonly before: readonly number[]
  /** Slots of the tensors that it reads, each once. */
  readonly reads: readonly number[]
  readonly after: readonly number[]
  /** For every tensor of `after` its slot before; -1 for what the node made. */
  readonly carry: readonly number[]
  /** Outputs of the node that are outputs of the model. */
  readonly given: readonly number[]
}

/** The index of the node that reads each tensor last; -1 where none does. */
function lastReaders({ tensors, nodes }: PartitionProblem): readonly number[] {
  const last = tensors.map(() => -1)
  for (const [index, { inputs }] of nodes.entries()) for (const input of inputs) last[input] = index
  return last
}

/** The live tensors around every node of a problem. */
export function frontierOf(problem: PartitionProblem): readonly FrontierStep[] {
  const last = lastReaders(problem)
  let before = problem.inputs.filter((tensor) => last[tensor]! >= 0)
  return problem.nodes.map(({ inputs, outputs }, index): FrontierStep => {
    const live = [...before, ...outputs].filter((tensor) => last[tensor]! > index)
    const slots = new Map(before.map((tensor, slot) => [tensor, slot]))
    const step: FrontierStep = {
      before,
      reads: [...new Set(inputs)].map((tensor) => slots.get(tensor)!),
      after: live,
      carry: live.map((tensor) => slots.get(tensor) ?? -1),
      given: outputs.filter((tensor) => problem.outputs.includes(tensor)),
    }
    before = live
    return step
  })
}
