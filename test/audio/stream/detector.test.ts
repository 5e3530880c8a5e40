import { describe, expect, it } from 'vitest'
import { KeywordDetector } from '../../../src/audio/stream/detector.ts'

const labels = ['yes', 'no', 'unknown']
const settings = { stepS: 0.1, smoothing: 2, refractoryS: 1, thresholds: { yes: 0.6, no: 0.5 } }

/** Events of a row of looks, each the posteriors of yes and no. */
function events(looks: readonly (readonly [number, number])[], changed = {}) {
  const detector = new KeywordDetector(labels, { ...settings, ...changed })
  return looks.flatMap(([yes, no], at) => detector.push([yes, no, 1 - yes - no], at / 10) ?? [])
}

const times = <T>(count: number, look: T): readonly T[] => Array.from({ length: count }, () => look)

describe('KeywordDetector', () => {
  it('averages looks before it compares', () => {
    expect(
      events([
        [0.7, 0],
        [0.4, 0],
        [0.7, 0],
      ]),
    ).toEqual([])
    const [event] = events([
      [0.6, 0],
      [0.7, 0],
    ])
    expect(event).toEqual({ keyword: 'yes', score: expect.closeTo(0.65, 5), timeS: 0.1 })
  })

  it('has a threshold of its own for every keyword, and none for other labels', () => {
    expect(events(times(3, [0.05, 0.55])).map(({ keyword }) => keyword)).toEqual(['no'])
    expect(events(times(30, [0, 0]))).toEqual([])
  })

  it('makes one event of a long sound, and another after a pause', () => {
    expect(events(times(60, [0.9, 0]))).toHaveLength(1)
    const two = events([...times(5, [0.9, 0] as const), ...times(10, [0, 0] as const), ...times(5, [0.9, 0] as const)])
    expect(two.map(({ timeS }) => timeS)).toEqual([0.1, 1.6])
  })

  it('holds off after an event', () => {
    const looks = [...times(3, [0.9, 0] as const), ...times(4, [0, 0.9] as const)]
    expect(events(looks).map(({ keyword }) => keyword)).toEqual(['yes'])
    expect(events(looks, { refractoryS: 0.2 }).map(({ keyword }) => keyword)).toEqual(['yes', 'no'])
  })
})
