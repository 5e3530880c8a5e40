import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { Inspection } from '../../src/loop/inspection.ts'
import { milliwatt } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
const call = (...args: readonly string[]) => milliwatt(['inspect', ...args], { cwd: folder })
writeFileSync(join(folder, 'small.tflite'), writeTflite(smallNetwork()))
writeFileSync(join(folder, 'cut.tflite'), writeTflite(smallNetwork()).slice(0, 300))
writeFileSync(join(folder, 'empty.onnx'), '')

describe('milliwatt inspect', () => {
  it('prints aligned tables of borders, operators and nodes, and what runs where', async () => {
    const { code, stdout, stderr } = await call('small.tflite')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('small.tflite\ntflite, schema 3, ')
    expect(stdout).toContain('input   x     int8   [1, 6, 5, 2]  scale 0.5, zero point 3\n')
    expect(stdout).toContain('1 × conv_2d v3, ')
    expect(stdout).toMatch(/\nconv_2d +conv_2d#0 +\[1, 3, 3, 3\] +int8 +486 +66\n/)
    expect(stdout).toMatch(/\nMACs +498\n/)
    expect(stdout).toMatch(/\nArena +[\d ]+ bytes/)
    expect(stdout).toMatch(/\ncompiled +ok: milliwatt compiler/)
  })

  it('prints one JSON document', async () => {
    const { code, stdout, stderr } = await call('kws', '--variant', 'ds-cnn-16-float32', '--json')
    expect([code, stderr]).toEqual([0, ''])
    const document = JSON.parse(stdout) as Inspection
    expect(document).toMatchObject({ version: 1, kind: 'milliwatt-inspect', format: 'onnx', name: 'ds-cnn-16-float32' })
    expect(document.totals.macs).toBeGreaterThan(100_000)
    expect(document.inputs[0]).toMatchObject({ dtype: 'float32', quantization: null })
    expect(document.backends.length).toBeGreaterThanOrEqual(3)
  })

  it('says whether it fits a board', async () => {
    const { code, stdout } = await call('small.tflite', '--board', 'microbit-v2')
    expect(code).toBe(0)
    expect(stdout).toMatch(/\nIt fits microbit-v2\nBoard +BBC micro:bit v2, Cortex-M4F; /)
    expect(stdout).toMatch(/\nflash +[\d ]+ bytes and 32 768 for the rest, of 524 288\nRAM +[\d ]+ bytes/)
  })

  it.each([
    [['cut.tflite'], 1, /^MODEL_/],
    [['empty.onnx'], 1, /^MODEL_TRUNCATED/],
    [['missing.tflite'], 1, /^MODEL_NOT_FOUND/],
    [['kws'], 2, /^USAGE: kws: .*ds-cnn-16-int8/],
    [['kws', '--variant', 'nope'], 2, /^VARIANT_UNKNOWN/],
    [['small.tflite', '--board', 'toaster'], 2, /^TARGET_UNKNOWN: toaster: .*microbit-v2/],
    [[], 2, /missing required argument/],
  ] as const)('%j exits with %i', async (args, wanted, message) => {
    const { code, stdout, stderr } = await call(...args)
    expect([code, stdout]).toEqual([wanted, ''])
    expect(stderr).toMatch(message)
  })
})
