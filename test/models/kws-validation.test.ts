import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { parseCard } from '../../src/catalogue/load.ts'
import { accuracyOf, answerPerClip } from '../../src/loop/accuracy.ts'
import { type ClipSource, findClips } from '../../src/loop/clips.ts'
import { runKeywords } from '../../src/loop/run-keywords.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { needs, toolPath } from '../support/needs.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const cardPath = resolve(import.meta.dirname, '../../models/kws/card.json')
const card = parseCard(readFileSync(cardPath, 'utf8'), cardPath)
const variants = card.variants.filter((variant) => variant.dtype === 'int8')
const host = testHost(temporaryFolder())

/** The same recordings for every variant: each is decoded once. */
function readOnce(clip: ClipSource): ClipSource {
  let recording: ReturnType<ClipSource['read']> | null = null
  return { ...clip, read: () => (recording ??= clip.read()) }
}

needs('recordings of the training data')('kws on its validation clips', () => {
  const folder = toolPath('recordings of the training data')!
  const clips = new Map<string, Promise<readonly ClipSource[]>>()
  const clipsOf = (split: string) => {
    const known = clips.get(split) ?? findClips(host, folder, card, split).then((found) => found.map(readOnce))
    clips.set(split, known)
    return known
  }

  it.each(variants)(
    '$name answers as its card says, class by class',
    async ({ name, accuracy }) => {
      await using runtime = await openRuntimeOn(host, { backends: ['compiled'] })
      const model = await runtime.load('kws', { variant: name })
      const found = await clipsOf(accuracy!.split)
      const { rows, problems } = await runKeywords({ host, runtime, model, clips: found, windowS: 1e-4, stepS: 0.5 })
      const answers = answerPerClip(rows, [card.otherLabel, card.silenceLabel])
      const measured = accuracyOf(answers, card.labels, model.variant.accuracy)!
      const [low, high] = accuracy!.interval95
      expect(problems).toEqual([])
      expect(measured.total).toBe(accuracy!.total)
      expect(measured.accuracy).toBeGreaterThanOrEqual(low)
      expect(measured.accuracy).toBeLessThanOrEqual(high)
      for (const { label, correct, total } of measured.perClass) {
        expect(total).toBe(accuracy!.perClass[label]!.total)
        expect(Math.abs(correct - accuracy!.perClass[label]!.correct)).toBeLessThanOrEqual(2)
      }
    },
    120_000,
  )
})
