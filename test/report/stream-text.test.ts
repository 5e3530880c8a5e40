import { expect, it } from 'vitest'
import { type TimelineLook, timelineLines } from '../../src/report/stream-timeline.ts'

it('shows what ran when, and what an event took since its sound began', () => {
  const stages: readonly TimelineLook['stage'][] = ['gate', 'large', 'gate', 'small', 'skip', 'large', 'large', 'gate']
  const looks = stages.map((stage, at) => ({ timeS: (at + 1) / 10, stage, energyJ: stage === 'large' ? 2e-3 : 1e-3 }))
  const lines = timelineLines(looks, [{ timeS: 0.71, keyword: 'yes' }], 'modelled')
  expect(lines).toEqual([
    '      0.1 s  ·#·- #*·',
    expect.stringContaining('# large net'),
    '     0.71 s  yes: 4 looks since the sound began, 2 of the large net, 6.00 mJ above idle (modelled)',
  ])
  expect(timelineLines(looks, [], null)).toHaveLength(2)
  const long = Array.from({ length: 130 }, (_, at): TimelineLook => ({ timeS: at / 10, stage: 'gate', energyJ: null }))
  expect(
    timelineLines(long, [], null)
      .slice(0, 3)
      .map((line) => line.slice(0, 14)),
  ).toEqual(['      0.0 s  ·', '      6.0 s  ·', '     12.0 s  ·'])
})
