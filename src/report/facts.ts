import type { MeanInterval } from '../core/cost.ts'
import type { Provenance } from '../core/provenance.ts'
import { provenances } from '../core/provenance.ts'
import {
  formatCount,
  formatNumber,
  formatPercent,
  formatPercentRange,
  formatTime,
  intervalWords,
  withUnit,
} from './format.ts'
import type { AccuracyReport, MeterReport, RunReport } from './report.ts'
import { edgeWords } from './tables.ts'

/** One statement of the summary. Power and energy figures carry their provenance beside the value. */
export interface Fact {
  readonly name: string
  readonly value: string
  readonly provenance?: Provenance
  /** What qualifies the value: its interval, its reason. */
  readonly detail?: string
}

/** A fact on one line, its provenance right after the figure. */
export function factText({ value, provenance, detail }: Fact): string {
  return `${value}${provenance ? ` ${provenance}` : ''}${detail ? ` (${detail})` : ''}`
}

/** What each provenance means, in one line. */
export const provenanceWords: Readonly<Record<Provenance, string>> = {
  measured: 'a physical meter read it during this run',
  replayed: 'a physical meter read it earlier; it is played back from a recorded trace',
  emulated: 'a simulated meter or device made it; it says nothing about real silicon',
  modelled: 'computed from published figures of the target; nothing was read',
}

/** Provenances that occur among the report's figures, best evidence first. */
export function provenancesIn(report: RunReport): readonly Provenance[] {
  const found = new Set<Provenance | null | undefined>([
    report.meter?.provenance,
    report.summary.provenance,
    report.stream?.provenance,
    ...report.inferences.map((row) => row.provenance),
    ...report.plan.candidates.map((row) => row.provenance),
  ])
  return provenances.filter((provenance) => found.has(provenance))
}

/** What the reader must know before any figure. */
export interface Banner {
  readonly tone: 'warn' | 'bad' | 'info'
  readonly title: string
  readonly detail: string
}

const emulatedMeter: Banner = {
  tone: 'warn',
  title: 'Emulated meter: these figures say nothing about real silicon',
  detail: 'A simulated instrument drew this load curve. Use a physical meter to learn what this machine consumes.',
}

const simulatedDevice: Banner = {
  tone: 'warn',
  title: 'Simulated device: these figures say nothing about real silicon',
  detail: "Times and energies are those of the device's declared model; this machine computed the outputs.",
}

/** Banners of a report, the most serious first. */
export function banners(report: RunReport): readonly Banner[] {
  const all: Banner[] = []
  const verdict = report.meter?.verdict
  if (usesEmulated(report)) all.push(report.meter ? emulatedMeter : simulatedDevice)
  if (verdict === 'lower bound') {
    const detail = 'Samples are missing inside measuring windows; the energies count only what arrived.'
    all.push({ tone: 'bad', title: 'Energy is a lower bound', detail })
  }
  if (verdict === 'invalid') {
    const detail = 'Too many samples are missing to say what an inference costs.'
    all.push({ tone: 'bad', title: 'The energy measurement is not valid', detail })
  }
  if (report.status === 'interrupted') {
    const detail = 'It holds what was done until then.'
    all.push({ tone: 'info', title: 'This run was interrupted', detail })
  }
  if (report.summary.provenance === 'modelled') {
    const detail = 'They are computed from published figures of the target; no meter was read.'
    all.push({ tone: 'info', title: 'Energies are modelled, not measured', detail })
  }
  return all
}

function usesEmulated(report: RunReport): boolean {
  return provenancesIn(report).includes('emulated')
}

/** Statements about speed and energy of the whole run. */
export function summaryFacts(report: RunReport): readonly Fact[] {
  const { summary } = report
  const { energyPerInferenceJ: gross, netEnergyPerInferenceJ: net } = summary
  const facts: Fact[] = [
    { name: 'Inferences', value: formatCount(summary.inferences), detail: `over ${formatCount(summary.clips)} clips` },
    {
      name: 'Latency',
      value: formatTime(summary.latencyP50S),
      detail: `median; p95 ${formatTime(summary.latencyP95S)}, max ${formatTime(summary.latencyMaxS)}`,
    },
    energyFact('Energy per inference, gross', gross, report, summary.energyReason ?? 'no meter and no model'),
  ]
  if (gross) facts.push(energyFact('Energy per inference, net of idle', net, report, 'no idle level is known'))
  if (report.accuracy) facts.push(accuracyFact(report.accuracy))
  if (report.accuracy?.card) facts.push(cardFact(report.accuracy.card))
  return facts
}

function energyFact(name: string, figure: MeanInterval | null, report: RunReport, without: string): Fact {
  if (!figure) return { name, value: 'none', detail: without }
  const { provenance, energyReason } = report.summary
  const detail = [intervalWords(figure, 'J'), energyReason].filter(Boolean).join('; ')
  const value = withUnit(figure.mean, 'J', '')
  return provenance ? { name, value, detail, provenance } : { name, value, detail }
}

function accuracyFact({ correct, total, accuracy, interval95 }: AccuracyReport): Fact {
  if (total === 0) return { name: 'Accuracy', value: 'none', detail: 'no clip has a known label' }
  const counts = `${formatCount(correct)} of ${formatCount(total)}`
  const detail = `${counts}; 95 % interval ${formatPercentRange(interval95)}`
  return { name: 'Accuracy', value: formatPercent(accuracy), detail }
}

function cardFact(card: NonNullable<AccuracyReport['card']>): Fact {
  const detail = `${card.split}; 95 % interval ${formatPercentRange(card.interval95)}`
  return { name: 'Accuracy on the card', value: formatPercent(card.accuracy), detail }
}

/** Statements about the meter and how far its figures can be trusted. */
export function meterFacts(meter: MeterReport): readonly Fact[] {
  const { provenance } = meter
  const idle: Fact =
    meter.idlePowerW === null
      ? { name: 'Idle power', value: 'not known' }
      : { name: 'Idle power', value: withUnit(meter.idlePowerW, 'W', ''), provenance }
  return [
    {
      name: 'Meter',
      value: meter.model,
      detail: `${meter.driver} at ${meter.path}, ${meter.mode} mode; its figures are ${provenance}`,
    },
    { name: 'Supply', value: `${shortest(meter.supplyV)} V`, detail: meter.supplySource },
    { name: 'Sample rate', value: `${shortest(meter.sampleRateHz / 1e3)} kS/s` },
    samplesFact(meter),
    idle,
    { name: 'Alignment', value: meter.alignmentMethod, detail: `each edge ${edgeWords(meter.alignmentUncertaintyS)}` },
    {
      name: 'Gain uncertainty',
      value: `±${formatNumber(meter.gainUncertainty * 100, 2)} %`,
      detail: 'of the meter; not included in any interval, and it does not average out',
    },
    { name: 'Verdict', value: meter.verdict },
    ...meter.notes.map((note) => ({ name: 'Note', value: note })),
  ]
}

function samplesFact(meter: MeterReport): Fact {
  const taken = meter.samplesReceived + meter.samplesLost
  const detail = [
    meter.samplesLost === 0 ? '0 lost' : `${formatCount(meter.samplesLost)} lost, ${lostShare(meter, taken)}`,
    meter.samplesSaturated > 0 ? `${formatCount(meter.samplesSaturated)} at full scale` : '',
    meter.samplesInvalid > 0 ? `${formatCount(meter.samplesInvalid)} invalid` : '',
  ]
  const value = `${formatCount(meter.samplesReceived)} received`
  return { name: 'Samples', value, detail: detail.filter(Boolean).join('; ') }
}

/** A stated number as it was stated, up to four significant digits. */
function shortest(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function lostShare(meter: MeterReport, taken: number): string {
  const share = meter.samplesLost / taken
  return share < 1e-4 ? `${formatNumber(share * 1e6, 2)} ppm` : formatPercent(share, 2)
}
