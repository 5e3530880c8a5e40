import type { FeatureStream } from '../audio/stream/feature-stream.ts'
import type { SynchronousRun, TensorData } from '../backends/backend.ts'
import type { CardVariant } from '../catalogue/card.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Clock } from '../core/host.ts'
import { median } from '../core/stats.ts'
import { cutAtExit } from '../formats/cut-exit.ts'
import type { Segment } from '../graph/segment.ts'
import type { LoadedModel } from './model.ts'
import { countingScorer, netScorer, type Scorer, scoreReader } from './net-scorer.ts'
import { allocate } from './run-into.ts'

/** A net up to its first exit, and the rest of it, which goes on from there. */
export interface ExitScorers {
  readonly first: Scorer
  /** To be asked only after `first` looked at the same window. */
  readonly rest: Scorer
}

/** A net that can stop at its first exit: the layers behind it run only when they are asked. */
export interface ExitNet {
  readonly name: string
  /** Share of the whole net's time that the part up to the exit takes here, 0..1. */
  readonly firstShare: number
  /** Multiply-accumulates of both parts. */
  readonly firstMacs: number
  readonly restMacs: number
  scorers(window: FeatureStream, labels: readonly string[]): ExitScorers
}

type Settable = { set(values: TensorData): void }

/** Runs that are timed, after as many that are not. */
const timedRuns = 50

function timeOf(run: () => void, clock: Clock): number {
  const times = Array.from({ length: 2 * timedRuns }, () => {
    const startS = clock.preciseS()
    run()
    return clock.preciseS() - startS
  })
  return median(times.slice(timedRuns))
}

/** Copies what the first part made into where the second one reads it. */
function linked([first, rest]: readonly Segment[], [from, to]: readonly SynchronousRun[]): () => void {
  const copies = rest!.graph.inputs.map((name, index) => {
    const made = first!.graph.outputs.indexOf(name)
    const source = made < 0 ? from!.inputs[first!.graph.inputs.indexOf(name)] : from!.outputs[made]
    return [source!, to!.inputs[index] as TensorData & Settable] as const
  })
  return () => {
    for (const [source, target] of copies) target.set(source)
  }
}

/**
 * Opens a variant that answers at several depths so that it can stop at its first exit, on the engine and device that its
 * plan chose.
 * @throws MilliwattError CARD_INVALID for a variant without exits, CUT_ILLEGAL, BACKEND_FAILED, BACKEND_LACKS
 */
export async function openExitNet(model: LoadedModel, variant: CardVariant, clock: Clock): Promise<ExitNet> {
  const exits = variant.exits
  if (!exits) throw new MilliwattError('CARD_INVALID', variant.name, 'It has no exits: it answers at one depth only.')
  const [last, early] = [exits[0]!, exits.at(-1)!]
  const { first, rest } = cutAtExit(model.variant.segment, early.output)
  const [before, behind] = (await model.openParts([first, rest])) as [SynchronousRun, SynchronousRun]
  const pass = linked([first, rest], [before, behind])
  const earlyAt = first.graph.outputs.indexOf(early.output)
  const lastAt = rest.graph.outputs.indexOf(last.output)
  const outputOf = (name: string) => model.outputs.find((output) => output.name === name)!
  const times = [timeOf(() => before.run(), clock), timeOf(() => behind.run(), clock)] as const
  const restMacs = (variant.macs ?? last.macs) - early.macs
  const scorers = (window: FeatureStream, labels: readonly string[]): ExitScorers => {
    const earlyOutput = outputOf(early.output)
    const firstNet = {
      inputs: model.inputs,
      outputs: [earlyOutput],
      stateful: model.stateful,
      variant: { name: variant.name, facts: { macs: early.macs } },
      allocateOutputs: () => allocate([earlyOutput]),
      runInto: (input: Parameters<LoadedModel['runInto']>[0], outputs: Parameters<LoadedModel['runInto']>[1]) => {
        ;(before.inputs[0] as Settable).set(input as TensorData)
        before.run()
        ;((outputs as Readonly<Record<string, TensorData>>)[early.output] as Settable).set(before.outputs[earlyAt]!)
      },
    }
    return {
      first: netScorer(firstNet, window, labels),
      rest: restScorer(
        () => {
          pass()
          behind.run()
        },
        scoreReader(outputOf(last.output), behind.outputs[lastAt]!)!,
        labels.length,
        restMacs,
      ),
    }
  }
  const firstShare = times[0] / (times[0] + times[1])
  return { name: variant.name, firstShare, firstMacs: early.macs, restMacs, scorers }
}

function restScorer(run: () => void, read: (scores: Float32Array) => void, labels: number, macsALook: number): Scorer {
  const scores = new Float32Array(labels)
  return countingScorer(() => {
    run()
    read(scores)
    return scores
  }, macsALook)
}
