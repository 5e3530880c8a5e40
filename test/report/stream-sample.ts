import type { StreamReport, TimelineBin } from '../../src/report/stream-report.ts'

/** A bin of looks that all went so far. */
export function bin(at: number, stage: keyof TimelineBin['looks'], looks = 2): TimelineBin {
  const none = { skip: 0, gate: 0, small: 0, early: 0, large: 0 }
  const energyJ = 1e-6 + (stage === 'large' ? 4e-6 : stage === 'small' ? 1e-6 : 0)
  return {
    startS: (at * looks) / 10,
    looks: { ...none, [stage]: looks },
    energyJ,
    loudness: stage === 'gate' ? -8 : -2,
  }
}

/** A stream of some minutes with two keywords, one of them heard, and a false alarm. */
export function sampleStream(bins = 900): StreamReport {
  const at = (n: number) => (n % 90 < 80 ? 'gate' : n % 90 < 84 ? 'small' : n % 90 === 85 ? 'skip' : 'large')
  const event = { score: 0.91, latencyS: 0.32, looks: 11, largeLooks: 6 }
  return {
    source: '3 recordings with pauses',
    cascade: 'tiny → big',
    audioS: bins / 5,
    timeline: {
      stepS: 0.1,
      binS: 0.2,
      bins: Array.from({ length: bins }, (_, n) => bin(n, at(n))),
      events: [
        { ...event, timeS: 17.71, keyword: 'yes', energyJ: 1.23e-4 },
        { ...event, timeS: 53.7, keyword: 'no', energyJ: 2e-4 },
      ],
      changes: [
        { timeS: 20, from: 'full', to: 'half rate' },
        { timeS: 60, from: 'half rate', to: 'full' },
      ],
    },
    clips: [
      { name: 'yes-1.wav', startS: 16, endS: 17.5, keyword: 'yes' },
      { name: 'yes-2.wav', startS: 34, endS: 35.5, keyword: 'yes' },
      { name: 'other.wav', startS: 52, endS: 53.5, keyword: null },
    ],
    looks: { skip: 20, gate: 1600, small: 80, early: 0, large: 100 },
    macs: 287_577_600,
    load: 0.0011,
    energyJ: 4.76,
    meanPowerW: 0.02645,
    idlePowerW: 0.0264,
    provenance: 'emulated',
    energySource: 'front end and nets in measuring windows of their own',
    budgetW: 0.03,
    alone: { name: 'big', looks: 1800, events: 3, macs: 4_701_081_600, energyJ: 4.79, meanPowerW: 0.0266 },
  }
}
