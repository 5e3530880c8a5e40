import { describe, expect, it } from 'vitest'
import { modelledEnergy } from '../../src/cost/modelled.ts'
import { emptyProfile, parseProfile, profileKey, refit } from '../../src/cost/profile.ts'

const latency = { medianS: 1e-3, p95S: 2e-3, n: 50 }
const measuredAt = '2026-01-02T03:04:05.000Z'

describe('profile', () => {
  it('comes back from its text', () => {
    const profile = refit(emptyProfile('here'), 'a', {
      latency,
      energy: { energyJ: 1e-3, provenance: 'measured' },
      measuredAt,
    })
    expect(parseProfile(JSON.stringify(profile), 'here')).toEqual(profile)
  })

  it('keeps no energy that a physical meter did not read', () => {
    for (const provenance of ['emulated', 'modelled'] as const) {
      const { entries } = refit(emptyProfile('here'), 'a', { latency, energy: { energyJ: 1, provenance }, measuredAt })
      expect(entries.a).toEqual({ latency, energy: null, measuredAt })
    }
  })

  it('forgets measurements of another machine, another version, and damaged files', () => {
    const text = JSON.stringify(refit(emptyProfile('there'), 'a', { latency, energy: null, measuredAt }))
    for (const kept of [text, text.replace('"version":1', '"version":2'), text.slice(0, 30), 'null', null])
      expect(parseProfile(kept, 'here')).toEqual(emptyProfile('here'))
    const forged = JSON.stringify({
      ...emptyProfile('here'),
      entries: { a: { latency, energy: { energyJ: 1, provenance: 'modelled' }, measuredAt } },
    })
    expect(parseProfile(forged, 'here')).toEqual(emptyProfile('here'))
  })

  it('tells engines and devices apart by key', () => {
    const keys = [
      profileKey('f'.repeat(64), 'x', '1', 'cpu'),
      profileKey('f'.repeat(64), 'x', '2', 'cpu'),
      profileKey('f'.repeat(64), 'x', '1', 'gpu'),
    ]
    expect(new Set(keys).size).toBe(3)
  })
})

describe('modelledEnergy', () => {
  it('is published power times latency, and says that it is modelled', () => {
    expect(modelledEnergy(0.002, { activeW: 5, idleW: 2 })).toEqual({ energyJ: 0.01, provenance: 'modelled' })
  })
})
