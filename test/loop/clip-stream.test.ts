import { describe, expect, it } from 'vitest'
import { MilliwattError } from '../../src/core/errors.ts'
import { clipStream } from '../../src/loop/clip-stream.ts'
import type { ClipSource } from '../../src/loop/clips.ts'
import { sine } from '../support/wav.ts'

const clip = (name: string, expected?: string, sampleRateHz = 16000): ClipSource => ({
  clip: name,
  ...(expected === undefined ? {} : { expected }),
  read: async () => ({ samples: sine(440, sampleRateHz, 1), sampleRateHz, channels: 1 }),
})

describe('clipStream', () => {
  it('puts recordings between pauses of a quiet room, the same every time', async () => {
    const sources = [clip('a', 'yes'), clip('b', 'unknown', 44100), clip('c')]
    const { pieces, clips, name } = await clipStream(sources, ['yes'], 16000)
    expect(name).toBe('3 recordings with pauses of 4 to 12 s in a quiet room')
    expect(clips.map((one) => one.keyword)).toEqual(['yes', null, undefined])
    const ends = [0, ...clips.map(({ endS }) => endS)]
    clips.forEach(({ startS, endS }, at) => {
      expect(startS - ends[at]!).toBeGreaterThanOrEqual(4)
      expect(startS - ends[at]!).toBeLessThanOrEqual(12)
      expect(endS - startS).toBeCloseTo(1, 1)
    })
    const power = (piece: Int16Array) => piece.reduce((sum, sample) => sum + sample * sample, 0) / piece.length
    expect(10 * Math.log10(power(pieces[0]!) / 2 ** 30)).toBeCloseTo(-60, 0)
    expect(power(pieces[1]!)).toBeGreaterThan(1e6)
    const again = await clipStream(sources, ['yes'], 16000)
    expect(again.clips).toEqual(clips)
    expect(again.pieces.every((piece, at) => Buffer.from(piece.buffer).equals(Buffer.from(pieces[at]!.buffer)))).toBe(
      true,
    )
  })

  it('leaves out what is no recording; what is no fault of a recording is passed on', async () => {
    const bad = (error: Error): ClipSource => ({ clip: 'bad', read: () => Promise.reject(error) })
    const gone = new MilliwattError('CLIP_EMPTY', 'bad')
    const { clips, name } = await clipStream([bad(gone), clip('a', 'yes')], ['yes'], 16000)
    expect([clips.map((one) => one.name), name.slice(0, 12)]).toEqual([['a'], '1 recordings'])
    await expect(clipStream([bad(new Error('disk'))], [], 16000)).rejects.toThrow('disk')
  })
})
