import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { emulatedBackend } from '../../src/backends/emulated.ts'
import { MilliwattError } from '../../src/core/errors.ts'
import type { ModelInput } from '../../src/loop/input.ts'
import { GoalNotMet, openRuntimeOn } from '../../src/loop/runtime.ts'
import { openMeter } from '../../src/meters/list.ts'
import type { Meter } from '../../src/meters/meter.ts'
import { machineHost } from '../devices/fixture.ts'
import { denseModel } from '../support/onnx-builder.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const modelPath = join(folder, 'dense.onnx')
writeFileSync(modelPath, denseModel(8, 3))
const input = Float32Array.from({ length: 8 }, (_, i) => i / 8)

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error) => (error instanceof MilliwattError ? error.code : String(error)),
  )

describe('runtime without a meter', () => {
  it('loads, plans and runs a model on onnxruntime-web; energy is null with its reason', async () => {
    await using runtime = await openRuntimeOn({ ...host, system: { ...host.system, readText: async () => null } })
    const model = await runtime.load(modelPath)
    const { outputs, cost } = await model.run(input)
    const scores = [...(outputs.y!.data as Float32Array)]
    expect(scores.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
    expect(cost.latencyS).toBeGreaterThan(0)
    expect(cost).toMatchObject({ energyJ: null, meanPowerW: null, netEnergyJ: null, provenance: null })
    expect(cost.energyReason).toContain('no meter')
    expect(model.plan.chosen?.variant).toBe('dense')
  })

  it('takes tensors by name as well', async () => {
    await using runtime = await openRuntimeOn(host, { backends: ['onnxruntime-web'] })
    const model = await runtime.load(modelPath)
    const byName = await model.run({ x: { dtype: 'float32', shape: [1, 8], data: input } })
    const plain = await model.run(input)
    expect(byName.outputs.y!.data).toEqual(plain.outputs.y!.data)
  })

  it('says what is wrong with an input', async () => {
    await using runtime = await openRuntimeOn(host, { backends: [emulatedBackend()] })
    const model = await runtime.load(modelPath)
    const messages = await Promise.all(
      [
        new Float32Array(7),
        new Int8Array(8),
        { z: input },
        {},
        { x: new Float64Array(8) },
        { x: { dtype: 'float32' as const, shape: [8], data: input } },
        { x: { dtype: 'float32' as const, shape: [2, 4], data: input } },
        { x: { dtype: 'int8' as const, shape: [1, 8], data: input } },
        { x: { dtype: 'float32' as const, shape: [1, 8], data: input.subarray(1) } },
      ].map((wrong) =>
        model.run(wrong as ModelInput).catch((error: MilliwattError) => `${error.code} ${error.detail}`),
      ),
    )
    expect(messages).toEqual([
      'INPUT_SHAPE It wants Float32Array of 8 elements (1×8), got Float32Array of 7.',
      'INPUT_SHAPE It wants Float32Array of 8 elements (1×8), got Int8Array of 8.',
      'INPUT_SHAPE There is no such input. The model has 1: x.',
      'INPUT_SHAPE This input is missing.',
      'INPUT_SHAPE It wants Float32Array of 8 elements (1×8), got Float64Array of 8.',
      'INPUT_SHAPE It wants float32 [1, 8], got float32 [8].',
      'INPUT_SHAPE It wants float32 [1, 8], got float32 [2, 4].',
      'INPUT_SHAPE It wants float32 [1, 8], got int8 [1, 8].',
      'INPUT_SHAPE It wants Float32Array of 8 elements (1×8), got Float32Array of 7.',
    ])
  })

  it('measures once, then recalls from the cache until told otherwise', async () => {
    await using runtime = await openRuntimeOn(host, {
      backends: [emulatedBackend({ name: 'cached', latencyS: 0.001 })],
    })
    const first = await runtime.load(modelPath)
    const second = await runtime.load(modelPath)
    const third = await runtime.load(modelPath, { remeasure: true })
    expect(first.plan.profileSource).toMatch(/^measured now/)
    expect(second.plan.profileSource).toMatch(/^cached, measured on this machine 20/)
    expect(second.plan.chosen?.latencyS).toBe(first.plan.chosen?.latencyS)
    expect(third.plan.profileSource).toMatch(/^measured now/)
  })

  it('chooses the faster backend by measurement and rejects the one that cannot run a node', async () => {
    const backends = [
      emulatedBackend({ name: 'slow', latencyS: 0.004 }),
      emulatedBackend({ name: 'quick', latencyS: 0 }),
      emulatedBackend({ name: 'picky', refuses: ['Softmax'] }),
    ]
    await using runtime = await openRuntimeOn(host, { backends })
    const { plan } = await runtime.load(modelPath, { remeasure: true })
    expect(plan.chosen?.backend).toBe('quick')
    expect(plan.candidates.find((row) => row.backend === 'slow')?.verdict).toBe('eligible')
    expect(plan.candidates.find((row) => row.backend === 'picky')).toMatchObject({
      verdict: 'rejected',
      reason: 'Softmax: Softmax is refused by declaration',
    })
  })

  it('throws GOAL_NOT_MET with the whole plan', async () => {
    await using runtime = await openRuntimeOn(host, { backends: [emulatedBackend({ latencyS: 0.002 })] })
    const goal = { maxLatencyS: 1e-6, minimize: 'latency' } as const
    const error = await runtime.load(modelPath, { goal }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(GoalNotMet)
    expect((error as GoalNotMet).plan.candidates[0]?.reason).toMatch(/^latency \(95th percentile\)/)
  })

  it('turns a failing engine into BACKEND_FAILED', async () => {
    await using runtime = await openRuntimeOn(host, { backends: [emulatedBackend({ name: 'frail', failsAtRun: 30 })] })
    const model = await runtime.load(modelPath, { remeasure: true }).catch((error) => error)
    expect(model).toBeInstanceOf(MilliwattError)
    expect((model as MilliwattError).code).toBe('BACKEND_FAILED')
  })

  it('names unknown backends and variants', async () => {
    expect(await codeOf(openRuntimeOn(host, { backends: ['nope'] }))).toBe('BACKEND_UNKNOWN')
    await using runtime = await openRuntimeOn(host, { backends: [emulatedBackend()] })
    expect(await codeOf(runtime.load(modelPath, { variant: 'nope' }))).toBe('VARIANT_UNKNOWN')
    expect(await codeOf(runtime.load(join(folder, 'absent.onnx')))).toBe('MODEL_NOT_FOUND')
  })

  it('says of a file that is cut or no model', async () => {
    await using runtime = await openRuntimeOn(host, { backends: [emulatedBackend()] })
    const bytes = readFileSync(modelPath)
    writeFileSync(join(folder, 'cut.onnx'), bytes.subarray(0, bytes.length / 2))
    writeFileSync(join(folder, 'page.onnx'), '<html>not here</html>')
    expect(await codeOf(runtime.load(join(folder, 'cut.onnx')))).toBe('MODEL_TRUNCATED')
    expect(await codeOf(runtime.load(join(folder, 'page.onnx')))).toBe('MODEL_NOT_A_MODEL')
  })
})

describe('runtime on a board with published power', () => {
  it('models energy without a meter, says so, and never lets it meet a limit', async () => {
    const board = machineHost('raspberry-pi-5')
    const there = { ...host, system: board.system, architecture: board.architecture }
    await using runtime = await openRuntimeOn(there, { backends: [emulatedBackend({ latencyS: 0.002 })] })
    const model = await runtime.load(modelPath, { remeasure: true })
    expect(model.plan.chosen?.provenance).toBe('modelled')
    const { cost } = await model.run(input)
    const activeW = runtime.probe.power!.activeW
    expect(cost).toMatchObject({ provenance: 'modelled', meanPowerW: activeW })
    expect(cost.energyJ).toBeCloseTo(activeW * cost.latencyS, 12)
    const goal = { maxEnergyJ: 1e6, minimize: 'energy' } as const
    expect(await codeOf(runtime.load(modelPath, { goal }))).toBe('GOAL_NOT_MET')
  })
})

describe('runtime with the emulated meter', () => {
  it('measures the known load within 1 % and marks every figure emulated', async () => {
    await using runtime = await openRuntimeOn(host, {
      meter: 'emulated:noise=0',
      backends: [emulatedBackend({ latencyS: 0.01 })],
    })
    const idleW = await runtime.measureIdle(0.3)
    expect(idleW).toBeCloseTo(3.3 * 0.008, 4)
    const model = await runtime.load(modelPath)
    expect(model.plan.chosen?.provenance).toBe('emulated')
    const { cost, window, repeats } = await model.measure(input, { repeats: 10 })
    expect(cost.provenance).toBe('emulated')
    expect(window?.marks.method).toBe('marker edges')
    expect(window?.energy?.verdict).toBe('complete')
    expect(Math.abs(cost.meanPowerW! / (3.3 * 0.042) - 1)).toBeLessThan(0.01)
    expect(cost.energyJ! * repeats).toBeCloseTo(cost.meanPowerW! * window!.energy!.durationS, 9)
    expect(cost.netEnergyJ!).toBeLessThan(cost.energyJ!)
  })

  it('lines up by host time where there is no marker wire, and states how sure that is', async () => {
    const wired = await openMeter(host, 'emulated:noise=0')
    const meter: Meter = {
      info: wired.info,
      get counts() {
        return wired.counts
      },
      samples: (signal) => wired.samples(signal),
      close: () => wired.close(),
      [Symbol.asyncDispose]: () => wired.close(),
    }
    await using runtime = await openRuntimeOn(host, { meter, backends: [emulatedBackend({ latencyS: 0.01 })] })
    const model = await runtime.load(modelPath)
    const { window, cost } = await model.measure(input, { repeats: 20 })
    expect(window?.marks).toMatchObject({ method: 'host marks', words: expect.stringContaining('no marker wire') })
    if (window?.marks.method === 'host marks') expect(window.marks.edgeUncertaintyS).toBeGreaterThanOrEqual(0.003)
    expect((cost.energyJ! * 20) / (3.3 * 0.008 * window!.energy!.durationS)).toBeCloseTo(1, 2)
  })

  it('never lets an emulated figure satisfy an energy limit unless asked', async () => {
    await using runtime = await openRuntimeOn(host, {
      meter: 'emulated',
      backends: [emulatedBackend({ latencyS: 0.001 })],
    })
    const goal = { maxEnergyJ: 1, minimize: 'energy' } as const
    expect(await codeOf(runtime.load(modelPath, { goal }))).toBe('GOAL_NOT_MET')
    expect(await codeOf(runtime.load(modelPath, { goal: { ...goal, acceptProvenance: ['emulated'] } }))).toBe('done')
  })

  it('goes on without energy when the meter is unplugged, keeps the trace and says so', async () => {
    const traceBase = join(folder, 'unplugged')
    await using runtime = await openRuntimeOn(host, {
      meter: 'emulated:unplug=0.6',
      traceBase,
      backends: [emulatedBackend({ latencyS: 0.02 })],
    })
    const model = await runtime.load(modelPath)
    await host.clock.sleep(0.8)
    const { outputs, cost } = await model.measure(input, { repeats: 2 })
    expect(outputs.y!.data.length).toBe(3)
    expect(cost).toMatchObject({ energyJ: null, provenance: null })
    expect(cost.energyReason).toContain('went away')
    expect(runtime.session?.lost?.code).toBe('METER_LOST')
    await runtime[Symbol.asyncDispose]()
    const sidecar = JSON.parse(readFileSync(`${traceBase}.json`, 'utf8'))
    expect(sidecar).toMatchObject({ complete: false, provenance: 'emulated' })
    expect(readFileSync(`${traceBase}.raw`).length).toBeGreaterThan(4 * sidecar.sampleCount)
    expect(sidecar.sampleCount).toBeGreaterThan(10_000)
  })

  it('goes on when the disk is full while tracing, and says so', async () => {
    const full = {
      ...host.files,
      append: async () => ({
        append: async () => {
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
        },
        sync: async () => {},
        close: async () => {},
      }),
    }
    await using runtime = await openRuntimeOn(
      { ...host, files: full },
      { meter: 'emulated', traceBase: join(folder, 'full'), backends: [emulatedBackend({ latencyS: 0.005 })] },
    )
    const model = await runtime.load(modelPath)
    await runtime.session!.capture!.flush()
    expect(runtime.session!.capture!.problem?.code).toBe('TRACE_DISK_FULL')
    const { cost } = await model.measure(input, { repeats: 4 })
    expect(cost).toMatchObject({ provenance: 'emulated' })
    expect(cost.energyJ).toBeGreaterThan(0)
  })

  it('marks a window with lost samples as a lower bound', async () => {
    await using runtime = await openRuntimeOn(host, { meter: 'emulated:loss=40,noise=0' })
    const { window } = await runtime.session!.window('loss', 1, () => host.clock.sleep(2))
    expect(window.energy).toMatchObject({ lost: 40, verdict: 'lower bound' })
    expect(window.reason).toContain('40 samples lost')
    expect(runtime.session!.meter.counts.lost).toBe(40)
  })
})

describe('runtime with a meter that needs long windows', () => {
  it('gives no energy for a window that means nothing, and says how long it must be', async () => {
    await using runtime = await openRuntimeOn(host, { meter: 'emulated:scpi', backends: [emulatedBackend()] })
    const model = await runtime.load(modelPath)
    const { cost } = await model.run(input)
    expect(cost).toMatchObject({ energyJ: null, provenance: null })
    expect(cost.energyReason).toMatch(/too short for Emulated RIGOL.*10 s or more/)
  })
})
