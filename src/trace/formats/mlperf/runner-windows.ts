import { firstOfPairs } from '../edge-pairs.ts'
import type { StatedWindow } from '../format.ts'
import type { PublishedResults } from './results-text.ts'

const method = 'event edges that the runner recorded'

/** What the windows of the EEMBC runner are made of. */
export interface RunnerRun {
  readonly sampleRateHz: number
  readonly sampleCount: number
  /** Event edges in seconds. */
  readonly edgesS: readonly number[]
  readonly published: PublishedResults
  /** N of each `infer`, in order, from the log or the script; used where the results state none. */
  readonly inferences: readonly number[]
}

/**
 * The sample index that the runner takes for each of some times. Its clock is the running sum of 1/rate in
 * double precision, and a window holds the samples from the first at or after its start to the last before
 * its end; the sum drifts by less than one sample, which decides on which side of an edge a sample falls.
 */
export function runnerIndexes(timesS: readonly number[], sampleRateHz: number, sampleCount: number): readonly number[] {
  const order = timesS.map((timeS, at) => ({ timeS, at })).sort((a, b) => a.timeS - b.timeS)
  const indexes: number[] = new Array(timesS.length).fill(0)
  const step = 1 / sampleRateHz
  let index = 0
  let sumS = 0
  for (const { timeS, at } of order) {
    while (sumS < timeS && index <= sampleCount) {
      sumS += step
      index++
    }
    indexes[at] = index <= sampleCount ? index : Math.max(index, Math.round(timeS * sampleRateHz))
  }
  return indexes
}

/** Places of the first edge of every window: as the results state, else in pairs from the last edge back. */
function firstEdges({ edgesS, published }: RunnerRun): readonly number[] {
  const stated = published.windows.map((window) => window.edge)
  if (stated.length > 0 && stated.every((edge) => edge !== null && edge + 1 < edgesS.length)) {
    return stated as readonly number[]
  }
  return firstOfPairs(edgesS.length)
}

/** The measured windows of a run of the EEMBC runner. */
export function runnerWindows(run: RunnerRun): readonly StatedWindow[] {
  const indexes = runnerIndexes(run.edgesS, run.sampleRateHz, run.sampleCount)
  const edges = firstEdges(run)
  return edges.map((edge, at) => {
    const published = run.published.windows.find((window) => window.edge === edge)
    return {
      label: `window ${edge + 1}`,
      startIndex: indexes[edge]!,
      endIndex: indexes[edge + 1]!,
      method,
      inferences: published?.inferences ?? run.inferences[at] ?? null,
      ...(published
        ? { published: { energyJ: published.energyJ, energyPerInferenceJ: published.energyPerInferenceJ } }
        : {}),
    }
  })
}
