import { describe, expect, it } from 'vitest'
import { SoundGate } from '../../src/audio/stream/sound-gate.ts'
import { Cascade, type CascadeDecision, type CascadeParts } from '../../src/loop/cascade.ts'
import { Governor, type GovernorChange, type ListeningPower, leastPowerW } from '../../src/loop/governor.ts'
import { countingScorer, type Scorer } from '../../src/loop/net-scorer.ts'

const labels = ['yes', 'no', 'unknown', 'silence']

/** A net that always says the same. */
const saying = (scores: readonly number[], macsALook: number): Scorer =>
  countingScorer(() => Float32Array.from(scores), macsALook)

/** A window of a stream that is so loud. */
const window = (loudness: number) => ({ loudest: () => loudness, quietest: () => loudness }) as never

function cascade(small: number, parts: Partial<CascadeParts> = {}) {
  const decisions: CascadeDecision[] = []
  const made = new Cascade({
    small: saying([small, 0, 1 - small, 0], 10),
    large: saying([0.9, 0, 0.1, 0], 100),
    settings: { margin: 1, holdLooks: 2, passAt: 0.2 },
    labels,
    keywords: ['yes', 'no'],
    silenceLabel: 'silence',
    otherLabel: 'unknown',
    stepS: 0.1,
    columnsALook: 5,
    onDecision: (decision) => decisions.push(decision),
    ...parts,
  })
  made.score(window(-8))
  return { made, decisions }
}

describe('SoundGate', () => {
  it('opens for what is louder than the quietest of late, holds, and gets used to a louder room', () => {
    const gate = new SoundGate({ margin: 1, holdLooks: 3 })
    const heard = [-8, -8, -5, -8, -8, -8, -8].map((loudness) => gate.push(loudness, loudness))
    expect(heard).toEqual([false, false, true, true, true, false, false])
    let open = 0
    while (gate.push(-3, -3)) open += 1
    expect(open).toBeGreaterThan(50)
    expect(gate.push(-3, -3)).toBe(false)
  })
})

describe('Cascade', () => {
  it('asks no net in silence, the large one only where the small one hears something', () => {
    const { made } = cascade(0.1)
    expect([...made.score(window(-8))]).toEqual([0, 0, 0, 1])
    expect(made.macs).toBe(0)
    expect([...made.score(window(0))]).toEqual([0, 0, 1, 0])
    expect(made.macs).toBe(10)
    const sure = cascade(0.3).made
    expect(sure.score(window(0))[0]).toBeCloseTo(0.9, 5)
    expect([sure.macs, sure.runs, sure.counts]).toEqual([110, 2, { skip: 0, gate: 1, small: 0, early: 0, large: 1 }])
  })

  it('tells every decision with what it cost', () => {
    const { made, decisions } = cascade(0.3)
    made.score(window(0))
    expect(decisions.map(({ stage, macs, energyJ }) => [stage, macs, energyJ])).toEqual([
      ['gate', 0, null],
      ['large', 110, null],
    ])
    expect(decisions[1]!.best).toBeCloseTo(0.3, 5)
    expect(decisions[1]!.timeS).toBeCloseTo(0.2, 5)
    expect(decisions.map(({ loudness }) => loudness)).toEqual([-8, 0])
  })

  it.each([
    [0.05, 'early', 10 + 60, 0],
    [0.4, 'large', 10 + 60 + 40, 0.9],
  ])('stops the large net at its first exit, which says %s, at %s', (says, stage, macs, score) => {
    const early = saying([0, says, 1 - says, 0], 60)
    const parts = { early, large: saying([0.9, 0, 0.1, 0], 40) }
    const { made, decisions } = cascade(0.3, {
      ...parts,
      settings: { margin: 1, holdLooks: 2, passAt: 0.2, exitAt: 0.1 },
    })
    expect(made.score(window(0))[0]).toBeCloseTo(score, 5)
    expect(decisions[1]).toMatchObject({ stage, macs })
    expect([made.runs, made.macs]).toEqual([2, macs])
    expect(parts.large.runs).toBe(Number(stage === 'large'))
  })

  it('looks less often while the small net hears nothing, at once when a sound begins, and at every step when it hears something', () => {
    const settings = { margin: 1, holdLooks: 3, passAt: 0.2, everyLooks: 3 }
    const stagesOf = (small: number) => {
      const { made, decisions } = cascade(small, { settings })
      const sound = [0, 4, 8, 12, 16, 20, 24]
      for (const loudness of sound) made.score(window(loudness))
      for (let look = 0; look < 4; look++) made.score(window(-8))
      made.score(window(30))
      return decisions.map(({ stage }) => stage)
    }
    const quiet = [
      'gate',
      'small',
      'skip',
      'skip',
      'small',
      'skip',
      'skip',
      'small',
      'skip',
      'skip',
      'gate',
      'gate',
      'small',
    ]
    expect(stagesOf(0.1)).toEqual(quiet)
    expect(stagesOf(0.5).slice(0, 9)).toEqual(['gate', ...Array(8).fill('large')])
    const { made } = cascade(0.1, { settings })
    expect([...made.score(window(0))]).toEqual([...made.score(window(4))])
  })
})

describe('Governor', () => {
  const power: ListeningPower = {
    idleW: 1e-3,
    columnJ: 2e-6,
    smallJ: 1e-4,
    earlyJ: 0,
    largeJ: 1e-3,
    provenance: 'modelled',
  }

  /** Non-stop speech in which the small net always asks the large one. */
  function talk(budgetW: number, looks: number) {
    const changes: GovernorChange[] = []
    const governor = new Governor(power, budgetW, (change) => changes.push(change))
    const { made, decisions } = cascade(0.6, { governor })
    // A room that gets louder for ever, so that the gate stays open.
    for (let look = 1; look < looks; look++) made.score(window(look))
    return { governor, changes, decisions }
  }

  it('spends what there is, where that is enough', () => {
    const { governor, changes } = talk(0.05, 600)
    expect(changes).toEqual([])
    expect(governor.meanPowerW).toBeCloseTo(1e-3 + 2e-6 * 50 + 1.1e-3 * 10, 3)
  })

  it.each([2, 4, 8])('holds a mean power of %s mW', (mw) => {
    const { governor, changes, decisions } = talk(mw / 1e3, 36_000)
    // Beyond the flow it may spend what a minute saves.
    expect(governor.meanPowerW).toBeLessThanOrEqual((mw / 1e3) * (1 + 60 / 3600))
    expect(governor.meanPowerW).toBeGreaterThan(0.8e-3 * mw)
    expect(changes.length).toBeGreaterThan(0)
    expect(changes[0]).toMatchObject({ from: 'full', to: 'half rate' })
    const spent = decisions.reduce((sum, { energyJ }) => sum + energyJ!, 0)
    expect(spent + power.idleW * 3600).toBeCloseTo(governor.energyJ, 6)
    expect(Object.values(governor.modeS).reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(3600, 3)
  })

  it('counts a look by how far it went', () => {
    const governor = new Governor({ ...power, earlyJ: 5e-4 }, 1)
    expect((['gate', 'small', 'early', 'large'] as const).map((stage) => governor.costOf(stage))).toEqual([
      0,
      1e-4,
      expect.closeTo(6e-4, 12),
      expect.closeTo(1.6e-3, 12),
    ])
    expect(governor.costOf(null)).toBe(0)
  })

  it('knows what nothing can get below', () => {
    expect(leastPowerW(power, 0.02)).toBeCloseTo(1.1e-3, 9)
  })
})
