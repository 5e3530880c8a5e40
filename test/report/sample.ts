import type { Provenance } from '../../src/core/provenance.ts'
import { meanInterval } from '../../src/core/stats.ts'
import type { InferenceRow, MeterReport, PlanRow, RunReport } from '../../src/report/report.ts'
import type { StreamReport } from '../../src/report/stream-report.ts'
import { sampleStream } from './stream-sample.ts'

const labels = ['yes', 'no', 'up', 'down', 'left', 'right', 'on', 'off', 'stop', 'go', 'silence', 'unknown']

/** Deterministic numbers in 0..1. */
function noise(seed: number): number {
  const x = Math.sin(seed * 127.1 + 311.7) * 43758.5453
  return x - Math.floor(x)
}

function inference(index: number, provenance: Provenance): InferenceRow {
  const expected = labels[index % labels.length]!
  const label = index % 9 === 4 ? labels[(index + 3) % labels.length]! : expected
  const latencyS = 0.0038 + 0.0011 * noise(index)
  const meanPowerW = 0.0921 + 0.009 * noise(index + 50)
  const energyJ = meanPowerW * latencyS
  return {
    clip: `clips/${expected}/speaker-${String(index).padStart(2, '0')}-take-1.wav`,
    windowStartS: index % 5 === 2 ? 1.25 : 0,
    label,
    confidence: 0.55 + 0.44 * noise(index + 9),
    expected,
    latencyS,
    repeats: 40,
    meanPowerW,
    energyJ,
    netEnergyJ: energyJ - 0.0412 * latencyS,
    provenance,
    lostSamples: 0,
  }
}

const base: PlanRow = {
  variant: 'int8-small',
  backend: 'onnxruntime-web',
  device: 'cpu',
  verdict: 'chosen',
  pareto: true,
  reason: 'Least energy of the 3 candidates that meet the goal.',
  accuracy: 0.921,
  modelBytes: 24_310,
  macs: 1_220_000,
  latencyS: 0.00421,
  latencyP95S: 0.0051,
  energyJ: 0.000402,
  provenance: 'modelled',
}

const candidates: readonly PlanRow[] = [
  base,
  {
    ...base,
    variant: 'int8',
    verdict: 'eligible',
    pareto: true,
    reason: 'Meets the goal, but needs 1.9 times the energy.',
    accuracy: 0.934,
    modelBytes: 52_180,
    macs: 2_660_000,
    latencyS: 0.0081,
    latencyP95S: 0.0097,
    energyJ: 0.00077,
  },
  {
    ...base,
    variant: 'float32',
    verdict: 'rejected',
    pareto: false,
    reason: 'Its p95 latency of 23.1 ms is above the limit of 20 ms.',
    accuracy: 0.937,
    modelBytes: 182_004,
    macs: 2_660_000,
    latencyS: 0.0187,
    latencyP95S: 0.0231,
    energyJ: null,
    provenance: null,
  },
  {
    ...base,
    variant: 'float32',
    backend: 'onnxruntime-node',
    verdict: 'rejected',
    pareto: false,
    reason: 'The backend is not installed; npm install onnxruntime-node would add it.',
    accuracy: 0.937,
    modelBytes: 182_004,
    macs: 2_660_000,
    latencyS: null,
    latencyP95S: null,
    energyJ: null,
    provenance: null,
  },
]

const meter: MeterReport = {
  driver: 'emulated',
  model: 'Emulated PPK2',
  path: 'emulated:kws',
  provenance: 'emulated',
  mode: 'source',
  supplyV: 3.3,
  supplySource: 'set by meter',
  sampleRateHz: 100_000,
  gainUncertainty: 0.1,
  samplesReceived: 1_204_318,
  samplesLost: 12,
  samplesSaturated: 0,
  samplesInvalid: 3,
  idlePowerW: 0.0412,
  alignmentMethod: 'edges of the marker wire on digital channel 0, sampled with the current',
  alignmentUncertaintyS: 5e-6,
  verdict: 'complete',
  notes: ['Calibrated: 0 in the metadata is normal on good units.'],
}

/** A plot of idle with one burst an inference. */
function plot(rows: number) {
  const columnS = 12 / 1200
  const windows = Array.from({ length: rows }, (_, i) => {
    const startS = 0.8 + i * (10.6 / rows)
    return { startS, endS: startS + 6 / rows, label: `inference ${i + 1}` }
  })
  const busy = (t: number) => windows.some((window) => t >= window.startS && t < window.endS)
  const means = Array.from({ length: 1200 }, (_, i) => {
    if (i >= 640 && i < 655) return null
    return (busy(i * columnS) ? 0.094 : 0.0412) + 0.004 * (noise(i) - 0.5)
  })
  const scaled = (low: number, high: number) =>
    means.map((mean, i) => (mean === null ? null : mean * (low + (high - low) * noise(i + 7))))
  return { startS: 0, columnS, minW: scaled(0.8, 0.95), meanW: means, maxW: scaled(1.08, 1.35), windows }
}

function accuracyOf(rows: readonly InferenceRow[]): NonNullable<RunReport['accuracy']> {
  const confusion = labels.map((expected) =>
    labels.map((answered) => rows.filter((row) => row.expected === expected && row.label === answered).length),
  )
  const correct = rows.filter((row) => row.expected === row.label).length
  return {
    correct,
    total: rows.length,
    accuracy: correct / rows.length,
    interval95: [0.71, 0.96],
    perClass: labels.map((label, i) => ({
      label,
      correct: confusion[i]![i]!,
      total: confusion[i]!.reduce((a, b) => a + b, 0),
    })),
    confusion,
    labels,
    card: { accuracy: 0.921, interval95: [0.912, 0.929], split: 'validation, 3,200 clips of other speakers' },
  }
}

/** A full report with every section, on an emulated meter unless told otherwise. */
export function sampleReport(rows = 24, provenance: Exclude<Provenance, 'modelled'> = 'emulated'): RunReport {
  const inferences = Array.from({ length: rows }, (_, i) => inference(i, provenance))
  const energies = inferences.map((row) => row.energyJ!)
  return {
    version: 1,
    kind: 'milliwatt-run',
    milliwatt: '0.1.0',
    startedAt: '2026-11-20T14:03:22.184Z',
    durationS: 14.82,
    model: { name: 'kws', variant: 'int8-small', file: 'models/kws/kws-int8-small.onnx', sha256: '9f2c'.repeat(16) },
    machine: {
      name: 'AMD EPYC 9R14, 2 cores',
      runtime: 'node 20.20.2',
      devices: [
        {
          status: 'found',
          kind: 'cpu',
          device: { id: 'cpu', kind: 'cpu', name: 'AMD EPYC 9R14', facts: {}, sources: [] },
        },
        { status: 'absent', kind: 'npu', reason: 'No /dev/rknpu, /dev/hailo0, /dev/apex_0 or /dev/accel.' },
        {
          status: 'unusable',
          kind: 'meter',
          device: { id: 'meter:/dev/ttyACM0', kind: 'meter', name: 'Nordic PPK2', facts: {}, sources: [] },
          reason: 'This user may not open /dev/ttyACM0.',
          next: 'Add the user to the group dialout.',
        },
      ],
    },
    plan: {
      goal: ['accuracy at least 82.9 % (90 % of the best card)', 'p95 latency at most 20 ms', 'then least energy'],
      chosen: base,
      candidates,
      unmet: null,
      profileSource: 'Latencies measured in this run, interleaved, 50 repeats each.',
    },
    inferences,
    summary: {
      inferences: rows,
      clips: rows,
      latencyP50S: 0.00421,
      latencyP95S: 0.00489,
      latencyMaxS: 0.00493,
      energyPerInferenceJ: meanInterval(energies),
      netEnergyPerInferenceJ: meanInterval(inferences.map((row) => row.netEnergyJ!)),
      provenance,
    },
    accuracy: accuracyOf(inferences),
    meter: {
      ...meter,
      provenance,
      ...(provenance === 'emulated' ? {} : { driver: 'ppk2', model: 'Nordic PPK2', path: '/dev/ttyACM0' }),
    },
    trace: { plot: plot(rows), files: ['out/run.raw', 'out/run.json'] },
    problems: [{ code: 'TRACE_DISK_FULL', message: 'out/run.raw: The disk is full; the power trace stops here.' }],
    status: 'done',
  }
}

/** A run that did nothing: no inference, no meter, no plan, stopped by the user. */
export function emptyReport(): RunReport {
  const full = sampleReport(0)
  return {
    version: 1,
    kind: full.kind,
    milliwatt: full.milliwatt,
    startedAt: full.startedAt,
    durationS: 0.2,
    model: full.model,
    machine: { ...full.machine, devices: [] },
    plan: { goal: [], chosen: null, candidates: [], unmet: null, profileSource: 'Nothing was profiled.' },
    inferences: [],
    summary: {
      inferences: 0,
      clips: 0,
      latencyP50S: Number.NaN,
      latencyP95S: Number.NaN,
      latencyMaxS: Number.NaN,
      energyPerInferenceJ: null,
      netEnergyPerInferenceJ: null,
      provenance: null,
      energyReason: 'no meter was opened',
    },
    problems: [],
    status: 'interrupted',
  }
}

/** A report whose every text tries to be markup, script, or terminal control. */
export function hostileReport(): RunReport {
  const evil = '<script>window.hacked = 1</script></script><!--<script>"\'|`*\u2028\u001b[31m'
  const full = sampleReport(3)
  return {
    ...full,
    model: { ...full.model, name: evil, variant: evil, file: evil },
    machine: {
      name: evil,
      runtime: evil,
      devices: [{ status: 'absent', kind: 'npu', reason: evil }],
    },
    plan: {
      ...full.plan,
      goal: [evil],
      profileSource: evil,
      candidates: full.plan.candidates.map((row) => ({ ...row, variant: evil, reason: evil })),
    },
    inferences: full.inferences.map((row) => ({ ...row, clip: evil, label: evil, energyReason: evil })),
    stream: hostileStream(sampleStream(), evil),
    meter: { ...full.meter!, path: evil, notes: [evil], alignmentMethod: evil },
    trace: {
      files: [evil],
      plot: { ...full.trace!.plot, windows: full.trace!.plot.windows.map((window) => ({ ...window, label: evil })) },
    },
    problems: [{ code: 'TRACE_WRITE', message: evil }],
  }
}

/** A run without a meter and without a modelled figure. */
export function meterlessReport(): RunReport {
  const { meter: _meter, trace: _trace, accuracy: _accuracy, ...full } = sampleReport(4)
  return {
    ...full,
    inferences: full.inferences.map(({ expected: _expected, lostSamples: _lost, ...row }) => ({
      ...row,
      meanPowerW: null,
      energyJ: null,
      netEnergyJ: null,
      provenance: null,
      energyReason: 'no meter was opened',
    })),
    plan: {
      ...full.plan,
      candidates: full.plan.candidates.map((row) => ({ ...row, energyJ: null, provenance: null })),
    },
    summary: {
      ...full.summary,
      energyPerInferenceJ: null,
      netEnergyPerInferenceJ: null,
      provenance: null,
      energyReason: 'no meter was opened',
    },
  }
}

/** A full report of a run that was asked for a stream too. */
export function streamReport(): RunReport {
  return { ...sampleReport(), stream: sampleStream() }
}

function hostileStream(stream: StreamReport, evil: string): StreamReport {
  const events = stream.timeline.events.map((event) => ({ ...event, keyword: evil }))
  const clips = stream.clips.map((clip) => ({ ...clip, name: evil }))
  return { ...stream, source: evil, cascade: evil, energySource: evil, clips, timeline: { ...stream.timeline, events } }
}
