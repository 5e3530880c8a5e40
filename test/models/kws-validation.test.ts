import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { parseCard } from '../../src/catalogue/load.ts'
import type { RunReport } from '../../src/report/report.ts'
import { milliwatt } from '../support/cli.ts'
import { needs, toolPath } from '../support/needs.ts'
import { temporaryFolder } from '../support/temporary.ts'

const cardPath = resolve(import.meta.dirname, '../../models/kws/card.json')
const card = parseCard(readFileSync(cardPath, 'utf8'), cardPath)
const cache = join(temporaryFolder(), 'cache')

needs('recordings of the training data')('kws on its validation clips', () => {
  it.each(card.variants.filter((variant) => variant.dtype === 'int8'))(
    '$name answers as its card says, class by class',
    async ({ name, accuracy }) => {
      const input = toolPath('recordings of the training data')!
      const args = ['run', 'kws', '--json', '--meter', 'none', '--variant', name, '--backend', 'compiled']
      const { code, stdout } = await milliwatt(
        [...args, '--window-ms', '0.1', '--input', input, '--split', accuracy!.split],
        { cache },
      )
      expect(code).toBe(0)
      const measured = (JSON.parse(stdout) as RunReport).accuracy!
      const [low, high] = accuracy!.interval95
      expect(measured.total).toBe(accuracy!.total)
      expect(measured.accuracy).toBeGreaterThanOrEqual(low)
      expect(measured.accuracy).toBeLessThanOrEqual(high)
      for (const { label, correct, total } of measured.perClass) {
        expect(total).toBe(accuracy!.perClass[label]!.total)
        expect(Math.abs(correct - accuracy!.perClass[label]!.correct)).toBeLessThanOrEqual(2)
      }
    },
    180_000,
  )
})
