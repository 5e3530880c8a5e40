import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCard } from '../../../src/catalogue/load.ts'
import { readOthers, writeOthers } from '../../../src/loop/enrol/others.ts'
import { temporaryFolder, testHost } from '../../support/temporary.ts'

const kws = resolve(import.meta.dirname, '../../../models/kws')
const folder = temporaryFolder()
const host = testHost(folder)
const card = parseCard(readFileSync(join(kws, 'card.json'), 'utf8'), 'card')

function catalogueWith(bytes: Uint8Array, sha256 = createHash('sha256').update(bytes).digest('hex')) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'o.bin'), bytes)
  return { name: 'kws', folder, variants: [], card: { ...card, others: { file: 'o.bin', sha256 } } }
}
const shape = { frames: 74, coefficients: 10 }
const window = (seed: number) => Float32Array.from({ length: 740 }, (_, n) => 20 * Math.sin(seed + n))

describe('other windows', () => {
  it('come back as they were written, to half a step', async () => {
    const bytes = writeOthers(['yes', null], [window(1), window(2)], 0.5, shape)
    const others = await readOthers(host, catalogueWith(bytes))
    expect(others.words).toEqual(['yes', null])
    for (const at of [0, 1])
      for (const [n, value] of others.features(at).entries())
        expect(Math.abs(value - window(at + 1)[n]!)).toBeLessThanOrEqual(0.25001)
  })

  it('are refused where they are missing, damaged or of other features', async () => {
    const bytes = writeOthers(['yes'], [window(1)], 0.5, shape)
    const failed = (catalogue: Parameters<typeof readOthers>[1]) =>
      expect(readOthers(host, catalogue)).rejects.toMatchObject({ code: 'ENROL_OTHERS' })
    await failed({ ...catalogueWith(bytes), card: parseCard(JSON.stringify({ ...card, others: undefined }), 'card') })
    await failed({ ...catalogueWith(bytes), folder: join(folder, 'nowhere') })
    await failed(catalogueWith(bytes, '0'.repeat(64)))
    await failed(catalogueWith(bytes.subarray(0, -1)))
    await failed(catalogueWith(bytes.subarray(2)))
    await failed(catalogueWith(writeOthers(['yes'], [window(1)], 0.5, { frames: 37, coefficients: 20 })))
  })

  it('of the shipped model are many words by many people', async () => {
    const others = await readOthers(host, { name: 'kws', folder: kws, variants: [], card })
    expect(others.words.length).toBeGreaterThan(500)
    expect(new Set(others.words).size).toBeGreaterThan(100)
    for (const keyword of card.labels.slice(0, 6)) expect(others.words).toContain(keyword)
  })
})
