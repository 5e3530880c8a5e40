import type { Provenance } from '../core/provenance.ts'
import type { KeywordEvent, StreamFacts } from '../loop/keyword-stream.ts'
import type { Listened } from '../loop/listen.ts'
import type { StreamRecorder } from '../loop/stream-recorder.ts'
import { largeAlone, streamSummary } from '../loop/stream-summary.ts'
import { formatNumber } from '../report/format.ts'
import { streamDocument } from '../report/stream-json.ts'
import { streamNotes } from '../report/stream-notes.ts'
import type { StreamReport } from '../report/stream-report.ts'
import { streamLines } from '../report/stream-text.ts'
import { plainStyle } from '../report/table.ts'
import type { Listener } from './kws-listener.ts'
import { terminalStyle } from './run-output.ts'

/** How far the looks of a cascade went, and what they cost where the power of the machine is known. */
interface LookEnergy {
  readonly looks: Readonly<Record<string, number>>
  readonly meanPowerW: number | null
  readonly energyJ: number | null
  readonly provenance: Provenance | null
  readonly modeS: Readonly<Record<string, number>> | null
}

/** What the looks of a cascade cost so far; null where one net listens. */
export function energyOf({ cascade }: Listener): LookEnergy | null {
  const current = cascade?.current()
  if (!current) return null
  const { governor } = current
  return {
    looks: current.cascade.counts,
    meanPowerW: governor?.meanPowerW ?? null,
    energyJ: governor?.energyJ ?? null,
    provenance: governor?.power.provenance ?? null,
    modeS: governor?.modeS ?? null,
  }
}

/** What the cascade did with a source, beside the large net at every look; null where one net listened. */
export function streamOf(
  { cascade, card, energySource }: Listener,
  heard: Listened,
  recorder: StreamRecorder,
): StreamReport | null {
  if (!cascade?.current()) return null
  const { source, facts } = heard
  const alone = largeAlone(cascade, recorder, card.features.hopS, null)
  return streamSummary({ source, cascade, recorder, facts, energySource, alone })
}

function energyLine({ looks, meanPowerW, energyJ, provenance }: LookEnergy, { events }: StreamFacts): string {
  const total = Object.values(looks).reduce((sum, count) => sum + count, 0)
  const shares = Object.entries(looks)
    .filter(([, count]) => count > 0)
    .map(([stage, count]) => `${stage} ${((100 * count) / total).toFixed(1)} %`)
  if (meanPowerW === null) return `Looks: ${shares.join(', ')}`
  const each = events > 0 ? `, ${formatNumber((1e3 * energyJ!) / events, 3)} mJ an event` : ''
  return `Looks: ${shares.join(', ')}; ${formatNumber(1e3 * meanPowerW, 3)} mW on average, ${formatNumber(3600 * meanPowerW, 3)} J an hour${each} (${provenance})`
}

/** Prints what happens while listening. */
export interface Printer {
  event(source: string, event: KeywordEvent): void
  end(heard: Listened, energy: LookEnergy | null, stream: StreamReport | null): void
}

/** One line a happening: for people, or with `--json` an object. */
export function printer(json: boolean | undefined): Printer {
  return {
    event: (source: string, { timeS, keyword, score, latencyS, processingS }: KeywordEvent) =>
      process.stdout.write(
        json
          ? `${JSON.stringify({ event: 'keyword', source, timeS, keyword, score, latencyS, processingS })}\n`
          : `${timeS.toFixed(2).padStart(9)} s  ${keyword.padEnd(14)} ${score.toFixed(2)}  ${Math.round(1e3 * latencyS)} ms after the word\n`,
      ),
    end: ({ source, facts, overruns, problem }: Listened, energy: LookEnergy | null, stream: StreamReport | null) => {
      const notes = streamNotes(facts.signal, overruns)
      if (json) {
        const timeline = stream ? { timeline: streamDocument(stream) } : {}
        const failed = problem ? { problem: { code: problem.code, message: problem.message } } : {}
        process.stdout.write(
          `${JSON.stringify({ event: 'end', source, ...facts, overruns, notes, ...energy, ...timeline, ...failed })}\n`,
        )
        return
      }
      const hop = facts.hop ? `, a hop in at most ${(1e3 * facts.hop.p99S).toFixed(2)} ms (99 %)` : ''
      process.stdout.write(
        `${source}: ${facts.audioS.toFixed(1)} s, ${facts.events} heard, ${(100 * facts.load).toFixed(2)} % of one core${hop}\n`,
      )
      if (energy) process.stdout.write(`  ${energyLine(energy, facts)}\n`)
      for (const note of notes) process.stdout.write(`  ${note}\n`)
      if (!stream) return
      const style = process.stdout.isTTY ? terminalStyle : plainStyle
      for (const line of streamLines(stream, process.stdout.columns ?? 100, style)) process.stdout.write(`${line}\n`)
    },
  }
}
