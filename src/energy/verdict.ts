import type { EnergySession } from './estimate.ts'

/** Whether the data of a session can be trusted. */
export interface SessionVerdict {
  /**
   * `complete`: nothing is missing. `lower bound`: something is, the figures count what arrived and say how much may be
   * missing at most. `invalid`: there is no figure.
   */
  readonly verdict: 'complete' | 'lower bound' | 'invalid'
  /** Every reason why it is not `complete`. */
  readonly reasons: readonly string[]
}

/** Allowed difference between two clocks besides their stated uncertainties: two crystals of 100 ppm. */
const crystalsRatio = 200e-6

function whyInvalid(session: EnergySession): readonly string[] {
  const { windows, supplyKnown } = session
  const reasons: string[] = []
  if (windows.length === 0) reasons.push('there is no measuring window')
  if (windows.length > 0 && windows.every(({ energy }) => energy.verdict === 'invalid'))
    reasons.push(`no window is usable: ${windows[0]!.energy.reason}`)
  if (windows.some(({ place }) => !(place.inferences > 0)))
    reasons.push('a window holds no inference, so energy cannot be shared out')
  if (windows.some(({ energy }) => energy.verdict !== 'invalid' && !Number.isFinite(energy.energyJ)))
    reasons.push('a window has no finite energy')
  if (!supplyKnown) reasons.push('the supply voltage was assumed, so current is not yet energy')
  return reasons
}

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

function missingSamples(session: EnergySession): readonly string[] {
  const sum = (of: (window: EnergySession['windows'][number]) => number) =>
    session.windows.reduce((total, window) => total + of(window), 0)
  const lost = Math.ceil(sum(({ energy }) => energy.lost) - 1e-9)
  const invalid = Math.ceil(sum(({ energy }) => energy.invalid) - 1e-9)
  const saturated = session.saturated ?? 0
  const missing = session.missing ?? 0
  const unusable = missing + session.windows.filter(({ energy }) => energy.verdict === 'invalid').length
  const { mostPowerW } = session
  return [
    ...(lost > 0 ? [`${plural(lost, 'sample')} lost inside windows`] : []),
    ...(invalid > 0 ? [`${plural(invalid, 'sample')} inside windows were no legal reading`] : []),
    ...(saturated > 0 ? [`${plural(saturated, 'sample')} at the end of the meter's scale`] : []),
    ...(unusable > 0 ? [`${unusable} of ${plural(session.windows.length + missing, 'window')} not usable`] : []),
    ...(lost + invalid > 0 && mostPowerW
      ? [
          `each missing sample is taken to hold at most ${(mostPowerW.value * 1e3).toPrecision(4)} mW: ${mostPowerW.source}`,
        ]
      : []),
  ]
}

/** Samples that vanished without a trace show as windows that are shorter than another clock says. */
function clockMismatches(session: EnergySession): readonly string[] {
  return session.windows.flatMap(({ energy, place, expected }, at) => {
    if (!expected || energy.verdict === 'invalid') return []
    const off = energy.durationS - expected.durationS
    const allowed =
      crystalsRatio * expected.durationS + expected.uncertaintyS + 2 * place.edgeUncertaintyS + 2 / session.sampleRateHz
    if (Math.abs(off) <= allowed) return []
    const words = off < 0 ? 'shorter' : 'longer'
    return [
      `window ${at + 1} is ${(Math.abs(off) * 1e3).toPrecision(3)} ms ${words} in samples than by the ${expected.clock}: samples were lost unseen, or a clock is wrong`,
    ]
  })
}

/** The same over the whole stream, by the host's clock. */
function streamMismatch({ stream, sampleRateHz }: EnergySession): readonly string[] {
  if (!stream) return []
  const off = stream.samples / sampleRateHz - stream.hostS
  if (Math.abs(off) <= crystalsRatio * stream.hostS + stream.uncertaintyS) return []
  const words = off < 0 ? 'fewer' : 'more'
  return [
    `${(Math.abs(off) * 1e3).toPrecision(3)} ms ${words} of samples than the host's clock ran: samples were lost unseen, or a clock is wrong`,
  ]
}

/** Judges the data of a session; says nothing about how large its uncertainty is. */
export function judgeSession(session: EnergySession): SessionVerdict {
  const fatal = whyInvalid(session)
  if (fatal.length > 0) return { verdict: 'invalid', reasons: fatal }
  const cut = session.incomplete ? [session.incomplete] : []
  const reasons = [...cut, ...missingSamples(session), ...clockMismatches(session), ...streamMismatch(session)]
  return { verdict: reasons.length > 0 ? 'lower bound' : 'complete', reasons }
}
