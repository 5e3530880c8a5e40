import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toOnnx } from '../../src/formats/convert/to-onnx.ts'
import { writeOnnx } from '../../src/formats/onnx/write.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import type { QuantizeReport } from '../../src/report/quantize-report.ts'
import { smallInputs, smallNet } from '../quantize/nets.ts'
import { type CliResult, milliwatt } from '../support/cli.ts'
import { npyBytes } from '../support/npy.ts'
import { temporaryFolder } from '../support/temporary.ts'

const clips = resolve(import.meta.dirname, '../../models/kws/clips')
const net = resolve(import.meta.dirname, '../../models/kws/ds-cnn-16-float32.onnx')
const folder = temporaryFolder()
const cache = join(folder, 'cache')
const run = (...args: readonly string[]) => milliwatt(['quantize', ...args], { cwd: folder, cache })

/** A folder of tensors for `smallNet`, with labels. */
function tensors(name: string, count: number): string {
  const path = join(folder, name)
  mkdirSync(path)
  const rows = smallInputs(count).map(([values], at) => {
    writeFileSync(join(path, `${at}.npy`), npyBytes(values!, [1, 6, 5, 2]))
    return `${at}.npy,${at % 3}`
  })
  writeFileSync(join(path, 'labels.csv'), `path,label\n${rows.join('\n')}\n`)
  return path
}

writeFileSync(join(folder, 'net.tflite'), writeTflite(smallNet()))
writeFileSync(join(folder, 'net.onnx'), writeOnnx(toOnnx(smallNet())))

function fails({ code, stderr, stdout }: CliResult, exit: number, ...parts: readonly string[]): void {
  for (const part of parts) expect(stderr).toContain(part)
  expect(stdout).toBe('')
  expect(code).toBe(exit)
}

describe('milliwatt quantize', () => {
  it('makes a family of a model with a card that other commands take', async () => {
    const svg = join(folder, 'front.svg')
    const args = [
      '--calibrate',
      clips,
      '--only',
      'int8',
      'int4',
      '--prune',
      '25',
      '-o',
      'family',
      '--svg',
      svg,
      '--json',
    ]
    const { code, stdout, stderr } = await run(net, ...args)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const report = JSON.parse(stdout) as QuantizeReport
    expect(report.measure).toBe('accuracy')
    expect(report.notes.join(' ')).toContain('Judged on the samples that it was calibrated with')
    expect(report.rows.map(({ name }) => name)).toEqual(['ds-cnn-16-float32', 'ds-cnn-16-int8', 'ds-cnn-16-int4'])
    for (const row of report.rows) {
      expect(row.files.map((file) => file.split('.').at(-1))).toEqual(['tflite', 'onnx'])
      expect(row.latencyS).toBeGreaterThan(0)
      expect(row.total).toBe(report.rows[0]!.total)
      expect(row.bytes).toBe(readFileSync(join(folder, 'family', row.files[0]!)).length)
    }
    expect(report.rows[2]!.bytes).toBeLessThan(report.rows[1]!.bytes)
    expect(report.rows.some(({ pareto }) => pareto)).toBe(true)
    expect(readFileSync(svg, 'utf8')).toContain('<circle')
    expect(readFileSync(join(folder, 'family', 'quantize.html'), 'utf8')).toContain('Layers alone in int8')
    const again = await milliwatt(
      [
        'run',
        'family',
        '--meter',
        'none',
        '--json',
        '-b',
        'compiled',
        '--window-ms',
        '1',
        '--input',
        clips,
        '--variant',
        'ds-cnn-16-int8',
      ],
      { cwd: folder, cache },
    )
    const judged = (JSON.parse(again.stdout) as { accuracy: { correct: number; total: number } }).accuracy
    expect(judged.total).toBe(report.rows[1]!.total)
    expect(judged.correct).toBe(report.rows[1]!.correct)
  }, 120_000)

  it('takes tensors with labels for a model without a card, as TFLite and ONNX', async () => {
    const data = tensors('labelled', 60)
    for (const file of ['net.tflite', 'net.onnx']) {
      const { code, stdout } = await run(
        file,
        '--calibrate',
        data,
        '--samples',
        '30',
        '--only',
        'int8',
        '-o',
        `${file}-out`,
      )
      expect(code).toBe(0)
      expect(stdout).toContain('net-int8')
      expect(stdout).toMatch(/over 30 samples of .*labelled/)
      expect(stdout).toContain('4 model files in')
    }
  }, 60_000)

  it('makes inputs up, says so, and compares by the answers alone', async () => {
    const args = [
      '--data-free',
      '--input-range',
      '-2',
      '2',
      '--only',
      'int8',
      '--io',
      'float32',
      '--format',
      'onnx',
      '--layers',
    ]
    const { code, stdout } = await run('net.onnx', ...args, '-o', 'free')
    expect(code).toBe(0)
    expect(stdout).toContain('Ranges come from no data')
    expect(stdout).toContain('SQNR dB when it alone is int8')
    expect(stdout).toContain('2 model files in')
  }, 60_000)

  it('leaves out what loses more than allowed, and ends with 3 where nothing is left', async () => {
    const data = tensors('agreeing', 40)
    const { code, stdout } = await run(
      'net.tflite',
      '--calibrate',
      data,
      '--only',
      'pruned',
      '--prune',
      '75',
      '--max-drop',
      '0',
      '-o',
      'none',
      '--json',
    )
    const report = JSON.parse(stdout) as QuantizeReport
    const [, pruned] = report.rows
    expect(code).toBe(pruned!.leftOut === null ? 0 : 3)
    expect(pruned!.leftOut === null).toBe(pruned!.drop! <= 0)
    expect(pruned!.files.length === 0).toBe(pruned!.leftOut !== null)
  }, 60_000)

  it('says how it wants to be asked, and where it cannot write', async () => {
    writeFileSync(join(folder, 'occupied'), '')
    fails(await run(net), 2, 'USAGE', '--calibrate FOLDER, or --data-free')
    fails(await run('net.tflite', '--data-free', '--input-range', '3', '1'), 2, 'USAGE', 'the lower one first')
    const out = await run('net.tflite', '--data-free', '--samples', '8', '--only', 'float32', '-o', 'occupied/out')
    fails(out, 1, 'OUTPUT_WRITE', 'occupied')
  }, 60_000)

  it('tells of labels that are none of the card', async () => {
    mkdirSync(join(folder, 'others'))
    mkdirSync(join(folder, 'others', 'banana'))
    const names = [
      'alexa-1',
      'alexa-2',
      'computer-1',
      'computer-2',
      'jarvis-1',
      'jarvis-2',
      'silence-1',
      'smart-mirror-1',
    ]
    for (const name of names)
      writeFileSync(join(folder, 'others', 'banana', `${name}.wav`), readFileSync(join(clips, `${name}.wav`)))
    const { code, stdout } = await run(net, '--calibrate', 'others', '--only', 'int8', '-o', 'others-out')
    expect(code).toBe(0)
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain("No label of others is one of the card's")
    expect(stdout).toContain('agreement with float')
  }, 60_000)
})
