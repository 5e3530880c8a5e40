import { median, sampleDeviation } from '../core/stats.ts'
import { type IdleLevel, netEnergyJ } from '../trace/idle.ts'
import type { StreamSpan } from '../trace/stream-span.ts'
import type { WindowEnergy } from '../trace/window-energy.ts'
import { absoluteRow, type BudgetRow, type EnergyFigure, gainRow, relativeRow, scatterRow, toFigure } from './budget.ts'
import type { InstrumentLimits, Limit } from './instrument.ts'
import { judgeSession, type SessionVerdict } from './verdict.ts'
import type { PlacedWindow } from './window-finders.ts'

/** A window with what it cost. */
export interface CostedWindow {
  readonly place: PlacedWindow
  readonly energy: WindowEnergy
  /** How long the window was by another clock, in seconds, and how sure that is. */
  readonly expected?: { readonly durationS: number; readonly uncertaintyS: number; readonly clock: string }
}

/** Everything that a session gave. */
export interface EnergySession {
  readonly windows: readonly CostedWindow[]
  readonly idleBefore: IdleLevel | null
  readonly idleAfter: IdleLevel | null
  readonly instrument: InstrumentLimits
  readonly sampleRateHz: number
  /** Samples at the end of the converter's scale while the windows were measured: the truth is higher. */
  readonly saturated?: number
  /** Samples of the whole stream, lost ones included, and how long the host saw it run. */
  readonly stream?: StreamSpan | null
  /** The most that a missing sample can plausibly have held, in watts, where the meter's full scale is not known. */
  readonly mostPowerW?: Limit
  /** Windows that were run but could not be lined up with the samples. */
  readonly missing?: number
  /** Why the trace is not all that was to be recorded; null or absent when it is. */
  readonly incomplete?: string | null
  /** False where nobody stated or measured the supply voltage that turns current into power. */
  readonly supplyKnown: boolean
  /** Confidence of the intervals; default 0.95. */
  readonly confidence?: number
}

/** Energy per inference with everything that makes it sure or unsure. */
export interface EnergyEstimate extends SessionVerdict {
  /** Everything that the supply delivered, idle included; null when the verdict is `invalid`. */
  readonly gross: EnergyFigure | null
  /** Above the idle level; null with `netReason`. */
  readonly net: EnergyFigure | null
  readonly netReason: string | null
  /** Mean over the windows of duration by inferences, in seconds. */
  readonly secondsPerInference: number
  readonly activePowerW: number
  /** Middle over the windows, which the official rules of MLPerf Tiny take. */
  readonly medianEnergyPerInferenceJ: number
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const relativeText = (value: number): string => `${Number((value * 1e6).toPrecision(3))} ppm`
const microjoules = (value: number): string => `${Number((value * 1e6).toPrecision(3))} µJ`

/** Rows that hold for gross and net alike: gain, supply and sample clock multiply both. */
function instrumentRows(figureJ: number, { gain, supply, clock }: InstrumentLimits): readonly BudgetRow[] {
  return [
    gainRow(gain, figureJ),
    relativeRow('supply voltage', supply.value, figureJ, supply.source),
    relativeRow('clock ratio', clock.value, figureJ, clock.source, `±${relativeText(clock.value)} of the duration`),
  ]
}

/**
 * Edges: each is off by up to its uncertainty, times the step in power there. Edges of one cause (host time) shift all
 * windows alike and do not average; edges of independent phase scatter, and then the repeatability holds them already.
 */
function edgeRow(usable: readonly CostedWindow[], idleW: number | null, activeW: number): BudgetRow {
  const stepW = Math.abs(activeW - (idleW ?? 0))
  const common = usable.some(({ place }) => place.edges === 'common')
  const perInference = usable.map(({ place }) => (place.edgeUncertaintyS * stepW) / place.inferences)
  const oneEdge = mean(perInference)
  const limitJ = common ? oneEdge : (oneEdge * Math.SQRT2) / Math.sqrt(usable.length)
  const widestS = Math.max(...usable.map(({ place }) => place.edgeUncertaintyS))
  const scatters = !common && usable.length > 1
  return absoluteRow(
    'window edges',
    limitJ,
    `±${Number((widestS * 1e6).toPrecision(3))} µs an edge${scatters ? '; held by the repeatability' : ''}`,
    usable[0]!.place.words,
    { averages: !common, counted: !scatters },
  )
}

function repeatabilityRow(values: readonly number[]): readonly BudgetRow[] {
  const n = values.length
  if (n < 2)
    return [scatterRow('repeatability', 0, 0, 'one window: not known, so there is no interval', 'these windows')]
  const deviation = sampleDeviation(values)
  const given = `s = ${microjoules(deviation)} over ${n} windows`
  return [scatterRow('repeatability', deviation / Math.sqrt(n), n - 1, given, 'these windows')]
}

/**
 * Mean idle power of before and after, with the scatter of each and the drift between them. In the windows the level lay
 * somewhere between the two: a rectangle, as for a step at any moment, whose variance D²/12 is also that of a random walk
 * between both ends.
 */
function idleRows(
  levels: readonly IdleLevel[],
  secondsPerInference: number,
): { readonly powerW: number; readonly rows: readonly BudgetRow[] } {
  const powerW = mean(levels.map((level) => level.meanPowerW))
  const errors = levels.map((level) => (level.parts < 2 ? 0 : level.spreadW / Math.sqrt(level.parts)))
  const error = Math.hypot(...errors) / levels.length
  const fourth = levels.reduce(
    (sum, level, at) => sum + (errors[at]! / levels.length) ** 4 / Math.max(1, level.parts - 1),
    0,
  )
  const degrees = fourth > 0 ? Math.max(1, error ** 4 / fourth) : 1e6
  const halfW = levels.length < 2 ? 0 : Math.abs(levels[1]!.meanPowerW - levels[0]!.meanPowerW) / 2
  // The scatter of both levels is in their difference as well, and has its own row.
  const driftW = Math.sqrt(Math.max(0, halfW ** 2 - error ** 2))
  const given = `${levels.reduce((sum, level) => sum + level.parts, 0)} parts of ${levels.length === 2 ? 'both stretches' : 'one stretch'}`
  return {
    powerW,
    rows: [
      scatterRow('idle level', error * secondsPerInference, degrees, given, 'idle before and after'),
      absoluteRow(
        'idle drift',
        driftW * secondsPerInference,
        levels.length < 2
          ? 'not seen: one stretch only'
          : 'half the difference of before and after, beyond their scatter',
        'idle before and after',
      ),
    ],
  }
}

function offsetRow(instrument: InstrumentLimits, secondsPerInference: number, readings: 1 | 2): BudgetRow {
  const { value, source } = instrument.offsetW
  const limitJ = value * secondsPerInference * Math.sqrt(readings)
  const given = `±${Number((value * 1e6).toPrecision(3))} µW${readings === 2 ? ', window and idle each' : ''}`
  return absoluteRow('meter offset', limitJ, given, source, { origin: 'meter' })
}

/** What the missing samples of the windows could have held at most, per inference. */
function missingJ({ mostPowerW, sampleRateHz }: EnergySession, windows: readonly CostedWindow[]): number {
  const most = mostPowerW?.value ?? Number.POSITIVE_INFINITY
  const inWindow = ({ lost, invalid, energyUpperJ, energyJ }: WindowEnergy) =>
    lost + invalid === 0 ? 0 : Math.min(energyUpperJ - energyJ, ((lost + invalid) * most) / sampleRateHz)
  return mean(windows.map(({ energy, place }) => inWindow(energy) / place.inferences))
}

function netFigure(
  session: EnergySession,
  usable: readonly CostedWindow[],
  secondsPerInference: number,
  activeW: number,
  confidence: number,
): Pick<EnergyEstimate, 'net' | 'netReason'> {
  const levels = [session.idleBefore, session.idleAfter].filter((level) => level !== null)
  if (levels.length === 0) return { net: null, netReason: 'no idle level was measured' }
  const idle = idleRows(levels, secondsPerInference)
  const values = usable.map(({ energy, place }) => netEnergyJ(energy, idle.powerW) / place.inferences)
  const valueJ = mean(values)
  const rows = [
    ...instrumentRows(valueJ, session.instrument),
    offsetRow(session.instrument, secondsPerInference, 2),
    edgeRow(usable, idle.powerW, activeW),
    ...repeatabilityRow(values),
    ...idle.rows,
  ]
  const netReason =
    valueJ <= 0
      ? 'the windows took no more than idle, so this idle is busier than it looks'
      : levels.length < 2
        ? 'idle was measured on one side only, so its drift is not known'
        : null
  return { net: toFigure(valueJ, rows, confidence, missingJ(session, usable)), netReason }
}

/**
 * Energy per inference of a session by the rectangle rule over its windows, gross and net of idle, each with its
 * uncertainty budget, and a verdict on the data. Missing samples are bounded, never filled in.
 */
export function estimateEnergy(session: EnergySession): EnergyEstimate {
  const confidence = session.confidence ?? 0.95
  const verdict = judgeSession(session)
  const usable = session.windows.filter(({ energy }) => energy.verdict !== 'invalid')
  const values = usable.map(({ energy, place }) => energy.energyJ / place.inferences)
  const secondsPerInference = mean(usable.map(({ energy, place }) => energy.durationS / place.inferences))
  const activePowerW = mean(usable.map(({ energy }) => energy.meanPowerW))
  const shared = { ...verdict, secondsPerInference, activePowerW, medianEnergyPerInferenceJ: median(values) }
  if (verdict.verdict === 'invalid')
    return { ...shared, gross: null, net: null, netReason: 'the session is not usable' }
  const valueJ = mean(values)
  const idleW = session.idleBefore?.meanPowerW ?? session.idleAfter?.meanPowerW ?? null
  const rows = [
    ...instrumentRows(valueJ, session.instrument),
    offsetRow(session.instrument, secondsPerInference, 1),
    edgeRow(usable, idleW, activePowerW),
    ...repeatabilityRow(values),
  ]
  const gross = toFigure(valueJ, rows, confidence, missingJ(session, usable))
  return { ...shared, gross, ...netFigure(session, usable, secondsPerInference, activePowerW, confidence) }
}
