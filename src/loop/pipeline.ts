import type { Tensors } from './engine-slot.ts'

/** One step of a pipeline: takes what is known of an item and adds to it. It is never called twice at once. */
export type PipelineStage = (known: Tensors) => Promise<Tensors>

/** How to run a pipeline. */
export interface PipelineOptions {
  /** Most items between the first stage and the caller; one more than there are stages by default. */
  readonly inFlight?: number
}

/** Starts items; each stage takes them in order, one at a time, and different stages work at the same time. */
function starter(stages: readonly PipelineStage[]): (input: Tensors) => Promise<Tensors> {
  const tails: Promise<unknown>[] = stages.map(() => Promise.resolve())
  return (input) =>
    stages.reduce((known: Promise<Tensors>, stage, index) => {
      const free = tails[index]!
      const done = known.then(async (tensors) => {
        await free
        return stage(tensors)
      })
      tails[index] = done.catch(() => free)
      return done
    }, Promise.resolve(input))
}

/**
 * Runs items through stages, several at once, and gives the results in the order of the items. A failure ends it; items
 * that had been started run to their end unseen.
 */
export async function* runPipeline(
  stages: readonly PipelineStage[],
  inputs: Iterable<Tensors> | AsyncIterable<Tensors>,
  { inFlight = stages.length + 1 }: PipelineOptions = {},
): AsyncGenerator<Tensors, void, undefined> {
  const start = starter(stages)
  const started: Promise<Tensors>[] = []
  for await (const input of inputs) {
    const item = start(input)
    // Its failure is told when its turn comes.
    item.catch(() => undefined)
    started.push(item)
    if (started.length >= inFlight) yield await started.shift()!
  }
  for (const item of started) yield await item
}
