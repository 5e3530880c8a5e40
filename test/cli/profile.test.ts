import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { milliwatt } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
writeFileSync(join(folder, 'small.tflite'), writeTflite(smallNetwork()))
const profile = (...args: readonly string[]) =>
  milliwatt(['profile', 'small.tflite', '--backend', 'compiled', ...args], {
    cwd: folder,
    cache: join(folder, 'cache'),
  })

describe('milliwatt profile', () => {
  it('shows time, share, MACs, bytes and kernel of every layer, and what profiling costs', async () => {
    const { code, stdout, stderr } = await profile()
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^small\.tflite on compiled \(\w+\): [\d.]+ \S+ a run.*medians of 500 rounds/)
    expect(lines[1]).toMatch(/^Profiling slows a run by .*a layer for the clock/)
    expect(lines[3]).toMatch(/layer\s+kernel\s+µs\s+share\s+MACs\s+GMAC\/s\s+constants B\s+output B/)
    expect(lines.slice(4).map((line) => line.split(/\s/)[0])).toEqual([
      'conv_2d#0',
      'average_pool_2d#1',
      'reshape#2',
      'fully_connected#3',
      'softmax#4',
    ])
    expect(lines.some((line) => line.endsWith('█'.repeat(24)))).toBe(true)
  })

  it('gives one JSON document', async () => {
    const { code, stdout } = await profile('--json', '--repeats', '20')
    expect(code).toBe(0)
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({ version: 1, kind: 'milliwatt-profile', backend: 'compiled', repeats: 20 })
    expect(document.layers).toHaveLength(5)
    expect(document.layers[0]).toMatchObject({ name: 'conv_2d#0', op: 'conv_2d', macs: 486, outputBytes: 27 })
  })

  it('says what an engine lacks, and refuses options that make no sense', async () => {
    const other = await profile('--backend', 'onnxruntime-web')
    expect([other.code, other.stderr.split(':')[0]]).toEqual([1, 'BACKEND_LACKS'])
    expect((await profile('--repeats', '0')).code).toBe(2)
    expect((await profile('--repeats', '1.5')).code).toBe(2)
  })
})
