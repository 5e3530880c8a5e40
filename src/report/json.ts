import type { InferenceRow, RunReport } from './report.ts'
import { streamDocument } from './stream-json.ts'

/**
 * The report as the JSON document that scripts read. The contract: `inferences[]` with `clip, label,
 * confidence, latencyS, meanPowerW, energyJ, provenance` and `plan` keep their names and units (seconds,
 * watts, joules). Numbers are not rounded; what is not a number is null. The plot's columns are left out:
 * the trace files hold the samples.
 */
export function toJson(report: RunReport): string {
  const { inferences, plan, trace, accuracy, meter, stream, moves, ...rest } = report
  const document = {
    ...rest,
    inferences: inferences.map(inferenceDocument),
    plan,
    accuracy: accuracy ?? null,
    meter: meter ?? null,
    stream: stream ? streamDocument(stream) : null,
    moves: moves ?? [],
    trace: trace ? { files: trace.files, windows: trace.plot.windows } : null,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** Every key is always there, so that a script need not ask whether it is. */
function inferenceDocument(row: InferenceRow): Record<keyof InferenceRow, unknown> {
  return {
    clip: row.clip,
    label: row.label,
    confidence: row.confidence,
    latencyS: row.latencyS,
    meanPowerW: row.meanPowerW,
    energyJ: row.energyJ,
    provenance: row.provenance,
    netEnergyJ: row.netEnergyJ,
    windowStartS: row.windowStartS,
    repeats: row.repeats,
    expected: row.expected ?? null,
    energyReason: row.energyReason ?? null,
    lostSamples: row.lostSamples ?? null,
  }
}
