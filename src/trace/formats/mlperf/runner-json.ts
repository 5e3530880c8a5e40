import { z } from 'zod'
import { MilliwattError, messageOf } from '../../../core/errors.ts'
import type { HostFiles } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import type { OpenedTrace, StatedWindow } from '../format.ts'
import type { RunFiles } from './locate.ts'
import { type PublishedResults, readResultsText } from './results-text.ts'

/** A whole run of five windows has about 1 MB; JSON cannot be read in parts. */
const longestBytes = 64 * 1024 * 1024
/** The runner sets its meter to 1 kHz. */
const runnerRateHz = 1000

const trialSchema = z.object({
  infer: z.object({ iterations: z.number().positive() }),
  power: z.object({
    /** Energy of each sample in joules. */
    samples: z.array(z.number()),
    /** Event number and sample index. */
    timestamps: z.array(z.tuple([z.union([z.string(), z.number()]), z.number().nonnegative()])),
    voltage: z.number().nonnegative().nullish(),
  }),
})

type Trial = z.infer<typeof trialSchema>

async function readTrials(files: HostFiles, path: string): Promise<readonly Trial[]> {
  const stat = await files.stat(path)
  if (!stat || stat.sizeBytes > longestBytes) {
    throw new MilliwattError('TRACE_INVALID', path, `A results.json of ${stat?.sizeBytes ?? 0} bytes cannot be read.`)
  }
  let value: unknown
  try {
    value = JSON.parse(await files.readText(path))
  } catch (error) {
    throw new MilliwattError('TRACE_INVALID', path, `It is not whole JSON: ${messageOf(error)}.`, error)
  }
  const list = Array.isArray(value) ? value : []
  const trials = list.filter(
    (entry: { readonly power?: { readonly samples?: unknown } } | null) => entry?.power?.samples,
  )
  if (trials.length === 0) {
    throw new MilliwattError(
      'TRACE_INVALID',
      path,
      'It holds no power samples: give the results.json of an energy run.',
    )
  }
  const parsed = z.array(trialSchema).safeParse(trials)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new MilliwattError('TRACE_INVALID', path, `Field ${issue?.path.join('.')}: ${issue?.message}.`)
}

/** Samples per second: from an elapsed time that was published, else what the runner sets. */
function rateOf(trials: readonly Trial[], published: PublishedResults): number {
  const [, end] = edgesOf(trials[0]!) ?? []
  const [start] = edgesOf(trials[0]!) ?? []
  const durationS = published.windows[0]?.durationS
  if (start === undefined || end === undefined || !durationS) return runnerRateHz
  const rate = Math.round((end - start) / durationS)
  return rate > 0 ? rate : runnerRateHz
}

/** The window of a trial: between its last two events. */
function edgesOf(trial: Trial): readonly [number, number] | null {
  const [start, end] = trial.power.timestamps.slice(-2).map(([, index]) => index)
  return start === undefined || end === undefined || !(end > start) ? null : [start, end]
}

/** Index of the first sample of each trial when all are put end to end. */
function firstIndexes(trials: readonly Trial[]): readonly number[] {
  let next = 0
  return trials.map(({ power }) => {
    const first = next
    next += power.samples.length
    return first
  })
}

/** Opens what the runner since round 1.3 recorded: its trials, put end to end. */
export async function openRunnerJson(files: HostFiles, run: RunFiles): Promise<OpenedTrace> {
  const path = run.resultsJson!
  const trials = await readTrials(files, path)
  const text = run.resultsText ? await files.readText(run.resultsText).catch(() => '') : ''
  const published = readResultsText(text)
  const sampleRateHz = rateOf(trials, published)
  const firsts = firstIndexes(trials)
  const windows = trials.flatMap((trial, at): StatedWindow[] => {
    const edges = edgesOf(trial)
    const figures = published.windows[at]
    if (!edges) return []
    return [
      {
        label: `trial ${at}`,
        startIndex: firsts[at]! + edges[0],
        endIndex: firsts[at]! + edges[1],
        method: 'event edges that the runner recorded',
        inferences: trial.infer.iterations,
        ...(figures
          ? { published: { energyJ: figures.energyJ, energyPerInferenceJ: figures.energyPerInferenceJ } }
          : {}),
      },
    ]
  })
  return {
    path,
    format: 'mlperf-tiny',
    facts: {
      sampleRateHz,
      provenance: 'replayed',
      supplyV: trials[0]!.power.voltage ?? null,
      meter: { driver: 'mlperf-tiny', runner: 'tiny runner 1.3' },
      startedAt: null,
      windows,
      publishedMedianJ: published.medianJ,
      incomplete: null,
      notes: [`${trials.length} recordings, put end to end`],
    },
    events: () => events(trials, firsts, sampleRateHz),
    [Symbol.asyncDispose]: async () => {},
  }
}

async function* events(trials: readonly Trial[], firsts: readonly number[], rate: number): AsyncGenerator<SampleEvent> {
  for (const [at, { power }] of trials.entries()) {
    const powerW = Float32Array.from(power.samples, (energyJ) => energyJ * rate)
    const firstIndex = firsts[at]!
    yield {
      kind: 'samples',
      firstIndex,
      powerW,
      digital: new Uint8Array(powerW.length),
      raw: new Uint8Array(0),
      arrivalS: (firstIndex + powerW.length) / rate,
    }
  }
}
