import type { EnergyRecord, RecordedFigure, RecordedIdle } from '../energy/record.ts'
import { figureDetail } from './energy-figures.ts'
import { factLines } from './fact-lines.ts'
import { type Fact, provenanceWords } from './facts.ts'
import {
  formatCount,
  formatEnergy,
  formatPercent,
  formatPower,
  formatStamp,
  formatTime,
  noFigure,
  withUnit,
} from './format.ts'
import { cleanLine, type Table, type TextStyle, tableLines, wrap } from './table.ts'

function figureFact(name: string, figure: RecordedFigure | null, without: string | null): Fact {
  if (!figure) return { name, value: 'none', detail: without ?? 'the measurement is not valid' }
  return {
    name,
    value: withUnit(figure.valueJ, 'J', ''),
    provenance: figure.provenance,
    detail: [figureDetail(figure), ...(without ? [without] : [])].join('; '),
  }
}

function idleFact(name: string, idle: RecordedIdle | null): readonly Fact[] {
  if (!idle) return []
  return [{ name, value: formatPower(idle.meanPowerW, idle.provenance), detail: `over ${formatTime(idle.durationS)}` }]
}

function windowFact({ windows, method }: EnergyRecord): Fact {
  const inferences = windows.reduce((sum, window) => sum + window.inferences, 0)
  const meanS = windows.reduce((sum, window) => sum + window.durationS, 0) / windows.length
  const edge = method.edgeUncertaintyS === null ? '' : `; each edge ±${withUnit(method.edgeUncertaintyS, 's', '')}`
  return {
    name: 'Windows',
    value: `${formatCount(windows.length)}${windows.length > 0 ? ` of ${formatTime(meanS)}` : ''}`,
    detail: `${formatCount(inferences)} inferences; ${method.words}${edge}`,
  }
}

function officialFact({ official }: EnergyRecord): readonly Fact[] {
  if (!official) return []
  const verdict = official.valid ? 'the rules would accept it' : `not by the rules: ${official.reasons.join(', ')}`
  return [
    {
      name: 'MLPerf Tiny rule',
      value: formatEnergy(official.energyPerInferenceJ, official.provenance),
      detail: verdict,
    },
  ]
}

/** The facts of a record, in the order of interest. */
function recordFacts(record: EnergyRecord): readonly Fact[] {
  const { meter, idle, secondsPerInference, latencyS, reasons, verdict, trace } = record
  return [
    figureFact('Energy per inference, gross', record.gross, null),
    figureFact('Energy per inference, net of idle', record.net, record.netReason),
    { name: 'Verdict', value: verdict, ...(reasons.length > 0 ? { detail: reasons.join('; ') } : {}) },
    ...(latencyS === null ? [] : [{ name: 'Latency', value: formatTime(latencyS), detail: 'median, host clock' }]),
    ...(secondsPerInference === null
      ? []
      : [{ name: 'Time per inference', value: formatTime(secondsPerInference), detail: "meter's clock" }]),
    windowFact(record),
    ...idleFact('Idle before', idle.before),
    ...idleFact('Idle after', idle.after),
    ...officialFact(record),
    ...(meter
      ? [
          {
            name: 'Meter',
            value: [meter.model, meter.serialNumber].filter(Boolean).join(' '),
            detail: [
              `${meter.mode} mode`,
              meter.supplyV === null ? `supply ${meter.supplySource}` : `${meter.supplyV} V ${meter.supplySource}`,
              withUnit(meter.sampleRateHz, 'S/s', ''),
            ].join(', '),
          },
        ]
      : []),
    ...(trace ? [{ name: 'Trace', value: trace.file, detail: `SHA-256 ${trace.sha256}` }] : []),
  ]
}

/** The uncertainty budget of a figure as a table, each part in per cent of the figure. */
function budgetTable(figure: RecordedFigure): Table {
  const share = (value: number) => formatPercent(value / Math.abs(figure.valueJ), 3)
  const rows = figure.budget.map((row) => [
    { text: row.name },
    { text: row.counted ? share(row.standardUncertaintyJ) : `(${share(row.standardUncertaintyJ)})` },
    { text: row.kind },
    { text: row.averages ? 'yes' : 'no' },
    { text: row.given },
    { text: row.source },
  ])
  return {
    columns: [
      { title: 'uncertainty', align: 'left' },
      { title: 'standard', align: 'right' },
      { title: 'type', align: 'left' },
      { title: 'averages', align: 'left', drops: 2 },
      { title: 'given', align: 'left' },
      { title: 'source', align: 'left', shrinks: true, drops: 1 },
    ],
    rows: [
      ...rows,
      [
        { text: 'together' },
        // A part that nobody states leaves the sum unknown.
        { text: figure.model.degreesOfFreedom === 0 ? noFigure : share(figure.standardUncertaintyJ) },
        { text: '' },
        { text: '' },
        { text: '' },
        { text: '' },
      ],
    ],
  }
}

/** An energy record as text for a terminal; ends with a line feed. */
export function energyRecordText(record: EnergyRecord, width: number, style: TextStyle): string {
  const { subject, provenance, gross, milliwatt } = record
  const lines = [
    style.strong(
      cleanLine(
        `milliwatt ${milliwatt}: energy of ${subject.model}${subject.variant ? `, variant ${subject.variant}` : ''}`,
      ),
    ),
    ...wrap(`${formatStamp(record.createdAt)}, ${subject.engine}, ${subject.machine}`, width),
    ...wrap(`${provenance}: ${provenanceWords[provenance]}`, width).map(
      provenance === 'measured' ? style.good : style.warn,
    ),
    '',
    ...factLines(recordFacts(record), width, style),
    ...(gross ? ['', ...tableLines(budgetTable(gross), width, style)] : []),
  ]
  return `${lines.join('\n')}\n`
}
