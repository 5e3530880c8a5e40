import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatResult } from '../../src/firmware/mlperf/messages.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { type CliResult, milliwatt } from '../support/cli.ts'
import { openPtyPair, type PtyPair, requirePty } from '../support/pty.ts'
import { sharedPath } from '../support/shared.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const missing = requirePty()
const why = missing ?? ''
const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const cache = at('cache')
const shared = sharedPath('data', 'mlperf-tiny')

const network = smallNetwork()
writeFileSync(at('small.tflite'), writeTflite(network))

/** `milliwatt dut` on one end of a pty, stopped at the end. */
async function serve(model: string, ...more: readonly string[]) {
  const pair: PtyPair = await openPtyPair()
  let child: ChildProcess | undefined
  let isUp: () => void = () => {}
  const up = new Promise<void>((resume) => {
    isUp = resume
  })
  const args = ['dut', '--port', pair.a, '--model', model, '--backend', 'compiled', ...more]
  let said = ''
  /** Resolves when the device has said this. */
  const heard = async (text: string) => {
    while (!said.includes(text)) await new Promise((resume) => setTimeout(resume, 20))
  }
  const ended = milliwatt(args, {
    cache,
    onStart: (started) => {
      child = started
      started.stderr?.on('data', (text) => {
        said += text
        if (said.includes('Ctrl-C ends it')) isUp()
      })
    },
  })
  await Promise.race([up, ended])
  const stop = async (): Promise<CliResult> => {
    child?.kill('SIGINT')
    return ended
  }
  return {
    pair,
    port: pair.b,
    ended,
    heard,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop()
      await pair.cut()
    },
  }
}

const mlperf = (port: string, ...more: readonly string[]) => milliwatt(['mlperf', '--port', port, ...more], { cache })

/** A folder of inputs with labels. */
function labelled(name: string, inputs: readonly Uint8Array[], classes: number): string {
  mkdirSync(at(name))
  inputs.forEach((bytes, index) => {
    writeFileSync(join(at(name), `${index}.bin`), bytes)
  })
  const lines = inputs.map((_, index) => `${index}.bin,${classes},${index % classes}`)
  writeFileSync(join(at(name), 'y_labels.csv'), lines.join('\n'))
  return at(name)
}

const printed = (elements: ArrayLike<number>, scale: number, zeroPoint: number) =>
  Array.from(elements, (element) => Number(formatResult(scale * (element - zeroPoint))))

describe('milliwatt dut and milliwatt mlperf over a pty', () => {
  it.skipIf(missing)(`measure a model, and carry its outputs through bit for bit ${why}`, async () => {
    const inputs = Array.from({ length: 6 }, (_, run) =>
      Int8Array.from({ length: 60 }, (_element, i) => ((i * 97 + run * 31) % 256) - 128),
    )
    const path = labelled(
      'small',
      inputs.map((input) => new Uint8Array(input.buffer)),
      4,
    )
    await using device = await serve(at('small.tflite'))
    const run = await mlperf(device.port, '--inputs', path, '--seconds', '0.05', '--windows', '3', '--json')
    expect([run.code, run.stderr]).toEqual([0, ''])
    const { device: facts, performance, accuracy } = JSON.parse(run.stdout)
    expect(facts).toEqual({
      name: 'milliwatt compiled',
      profile: 'ULPMark for tinyML Firmware V0.0.1',
      model: 'small',
    })
    expect(performance.windows).toHaveLength(3)
    for (const { iterations, durationS } of performance.windows) expect(iterations / durationS).toBeGreaterThan(0)
    expect(performance.score.reasons).toEqual(['3 windows instead of 5', '3 windows shorter than 10 s'])
    const expected = inputs.map((input) =>
      printed(interpret(network, [input], 'tflm').get('y') as Int8Array, 1 / 256, -128),
    )
    expect(accuracy.results.map(({ scores }: { readonly scores: readonly number[] }) => scores)).toEqual(expected)
    expect(await device.stop()).toMatchObject({ code: 0, stdout: '' })
  })

  it.skipIf(missing || !shared)(
    `give the outputs of TensorFlow Lite for keywords ${why || 'needs the shared models'}`,
    async () => {
      const bytes = readFileSync(join(shared!, 'golden', 'kws_ref_model.in.bin'))
      const outputs = new Int8Array(readFileSync(join(shared!, 'golden', 'kws_ref_model.out.bin')))
      const inputs = Array.from({ length: bytes.length / 490 }, (_, run) => bytes.subarray(run * 490, (run + 1) * 490))
      await using device = await serve(join(shared!, 'models', 'kws_ref_model.tflite'))
      const run = await mlperf(device.port, '--inputs', labelled('kws', inputs, 12), '--mode', 'accuracy', '--json')
      expect([run.code, run.stderr]).toEqual([0, ''])
      const { device: facts, accuracy } = JSON.parse(run.stdout)
      expect(facts.model).toBe('kws01')
      const expected = inputs.map((_, index) => printed(outputs.subarray(12 * index, 12 * index + 12), 1 / 256, -128))
      expect(accuracy.results.map(({ scores }: { readonly scores: readonly number[] }) => scores)).toEqual(expected)
      expect(accuracy.quality).toMatchObject({ metric: 'top-1', least: 0.9 })
    },
  )

  it.skipIf(missing)(`measure energy with a meter, and write a record that a gate takes ${why}`, async () => {
    await using device = await serve(at('small.tflite'), '--energy')
    const energy = [
      '--meter',
      'emulated',
      '--input-bytes',
      '60',
      '--seconds',
      '0.4',
      '--windows',
      '3',
      '--idle-s',
      '0.3',
    ]
    const run = await mlperf(device.port, ...energy, '-o', at('record.json'))
    expect(run.stderr).toBe('')
    expect(run.code).toBe(0)
    const record = JSON.parse(readFileSync(at('record.json'), 'utf8'))
    expect(record).toMatchObject({ kind: 'milliwatt-energy', provenance: 'emulated', verdict: 'complete' })
    expect(record.windows).toHaveLength(3)
    for (const { durationS, inferences, energyJ } of record.windows) {
      expect(durationS).toBeGreaterThan(0.2)
      expect(energyJ / inferences).toBeGreaterThan(0)
    }
    expect(record.method.words).toContain('no timestamp pin')
    expect(record.official.valid).toBe(false)
    const gate = await milliwatt(['energy', 'check', at('record.json'), '--max-uj', '1e9', '--accept-emulated'], {
      cache,
    })
    expect(gate.code).toBe(0)
  })

  it.skipIf(missing)(`say so when the device is unplugged in the middle of a window ${why}`, async () => {
    await using device = await serve(at('small.tflite'), '--verbose')
    const running = mlperf(device.port, '--input-bytes', '60', '--seconds', '300')
    await device.heard('infer')
    await device.pair.cut()
    const [runner, served] = await Promise.all([running, device.ended])
    expect([runner.code, served.code]).toEqual([1, 1])
    expect(runner.stderr).toMatch(/^DEVICE_LOST: /)
    expect(served.stderr).toMatch(/DEVICE_LOST: /)
  })

  it.skipIf(missing)(`end at Ctrl-C, and the device serves the next run ${why}`, async () => {
    await using device = await serve(at('small.tflite'), '--verbose')
    const cut = await milliwatt(['mlperf', '--port', device.port, '--input-bytes', '60', '--seconds', '2'], {
      cache,
      onStart: (child) => void device.heard('infer').then(() => child.kill('SIGINT')),
    })
    expect([cut.code, cut.stdout]).toEqual([130, ''])
    const next = await mlperf(device.port, '--input-bytes', '60', '--seconds', '0.05', '--windows', '1')
    expect(next.code).toBe(0)
    expect(next.stdout).toContain('Median throughput is')
  })

  it.skipIf(missing)(`name what is missing: a device, an answer, a length ${why}`, async () => {
    const nothing = await mlperf(at('no-port'))
    expect([nothing.code, nothing.stderr.split(':')[0]]).toEqual([1, 'DEVICE_NOT_FOUND'])
    await using pair = await openPtyPair()
    const silent = await mlperf(pair.b, '--baud', '115200')
    expect([silent.code, silent.stderr.split(':')[0]]).toEqual([1, 'DEVICE_SILENT'])
    expect(silent.stderr).toContain('it sent nothing')
    await using device = await serve(at('small.tflite'))
    const unknown = await mlperf(device.port)
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('--input-bytes')])
    const wrong = await mlperf(device.port, '--input-bytes', '61')
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/^DEVICE_REFUSED: .*takes 60 bytes/)])
  })
})
