import { afterAll, describe, expect, it, vi } from 'vitest'
import { type Executable, firstUnsupported, segmentFor } from '../../src/backends/backend.ts'
import { emulatedBackend } from '../../src/backends/emulated.ts'
import { backends, selectBackends } from '../../src/backends/list.ts'
import type { Device } from '../../src/core/device.ts'
import { readModel } from '../../src/formats/list.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { type Tool, toolPath } from '../support/needs.ts'
import { buildOnnx, denseModel, floats } from '../support/onnx-builder.ts'

// A browser takes its time to start.
vi.setConfig({ testTimeout: 120_000 })

const host = nodeHost()
const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }
const gpu: Device = { ...cpu, id: 'gpu', kind: 'gpu' }
/** What an engine of boards is tried on. */
const emulatedBoard: Device = {
  id: 'board:qemu-m4',
  kind: 'board',
  name: 'board',
  target: 'qemu-mps2-an386',
  facts: { emulator: 'qemu-system-arm' },
  sources: [],
}
const hasBoard = ['an emulator of Cortex-M', 'a compiler for Cortex-M'].every((tool) => toolPath(tool as Tool) !== null)
const members = [...backends, emulatedBackend()]
const available = new Map(
  await Promise.all(members.map(async (backend) => [backend, await backend.available(host)] as const)),
)

/** Where an engine must give the right numbers; the emulated one only gives the right shapes. */
const exact = (name: string) => name !== 'emulated'

describe.each(members.map((backend) => ({ name: backend.name, backend })))('backend $name', ({ name, backend }) => {
  const state = available.get(backend)!
  const device = (backend.reaches ?? ['cpu']).includes('cpu') ? cpu : emulatedBoard
  const runs = state.ok && (device === cpu || hasBoard)
  const opened: Executable[] = []
  const prepare = async (bytes: Uint8Array) => {
    const executable = await backend.prepare(segmentFor(readModel(bytes, name), backend), device, host)
    opened.push(executable)
    return executable
  }
  afterAll(async () => {
    for (const executable of opened) await executable[Symbol.asyncDispose]()
  })

  it('says whether it is available, with the next step if not; in CI it must be', () => {
    if (process.env.CI === 'true') expect(state.ok).toBe(true)
    if (state.ok) expect(state.engine).toMatch(/\w/)
    else expect([state.reason, state.next].every((text) => text.length > 10)).toBe(true)
  })

  it.runIf(runs)('computes softmax(x·W) of known weights', async () => {
    const model = buildOnnx({
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['z'] },
        { op: 'Softmax', inputs: ['z'], outputs: ['y'] },
      ],
      constants: [{ name: 'w', type: 1, dims: [2, 2], raw: floats(1, 0, 0, 1) }],
      inputs: [{ name: 'x', dims: [1, 2] }],
      outputs: [{ name: 'y', dims: [1, 2] }],
    })
    const { y } = await (await prepare(model)).run({
      x: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(0, Math.log(3)) },
    })
    expect(y).toMatchObject({ dtype: 'float32', shape: [1, 2] })
    const values = [...(y!.data as Float32Array)]
    expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
    if (exact(name)) expect(values[1]).toBeCloseTo(0.75, 5)
  })

  it.runIf(runs)('declares inputs and outputs, repeats itself, and gives outputs of the caller’s own', async () => {
    const executable = await prepare(denseModel(6, 4))
    expect(executable.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [1, 6] }])
    expect(executable.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: [1, 4] }])
    const x = { dtype: 'float32' as const, shape: [1, 6], data: Float32Array.from({ length: 6 }, (_, i) => i - 3) }
    const first = (await executable.run({ x })).y!.data
    const kept = [...(first as Float32Array)]
    const other = (await executable.run({ x: { ...x, data: new Float32Array(6) } })).y!.data
    expect([...(first as Float32Array)]).toEqual(kept)
    expect(other).not.toEqual(first)
    expect((await executable.run({ x })).y!.data).toEqual(first)
  })

  it.runIf(runs)('gives the same by every way that it declares besides run', async () => {
    const segment = segmentFor(readModel(denseModel(6, 4), name), backend)
    const executable = await backend.prepare(segment, device, host)
    opened.push(executable)
    const data = Float32Array.from({ length: 6 }, (_, i) => i / 3 - 1)
    const inputs = { x: { dtype: 'float32' as const, shape: [1, 6], data } }
    const expected = (await executable.run(inputs)).y!.data
    const { synchronous, shared, remote } = executable
    if (remote) {
      await remote.load(inputs)
      expect(await remote.run(2, 'window')).toBeGreaterThan(0)
      expect((await remote.read()).y!.data).toEqual(expected)
      expect((await remote.profile(2)).layers.length).toBeGreaterThan(0)
    }
    if (synchronous) {
      ;(synchronous.inputs[0] as Float32Array).set(data)
      synchronous.run()
      expect(synchronous.outputs[0]).toEqual(expected)
    }
    if (shared !== undefined) {
      const another = backend.open!(shared, segment)
      opened.push(another)
      expect((await another.run(inputs)).y!.data).toEqual(expected)
    }
    executable.reset?.()
    expect((await executable.run(inputs)).y!.data).toEqual(expected)
    const profile = executable.profile?.(inputs, { repeats: 5, preciseS: () => host.clock.preciseS() })
    if (profile) expect(profile.layers.length).toBeGreaterThan(0)
  })

  it('declares its support by node and device', () => {
    const segment = segmentFor(readModel(denseModel(6, 4), name), backend)
    expect(firstUnsupported(backend, segment, device)).toBeNull()
    const odd = buildOnnx({
      nodes: [{ op: 'Thing', name: 'odd', domain: 'com.example', inputs: ['x'], outputs: ['y'] }],
      inputs: [{ name: 'x', dims: [1] }],
      outputs: [{ name: 'y', dims: [1] }],
    })
    if (!exact(name)) return
    expect(firstUnsupported(backend, readModel(odd, 'odd'), device)).toMatch(/^Thing "odd": .*com\.example/)
    expect(firstUnsupported(backend, segment, gpu)).toMatch(/ a gpu$/)
  })

  if (exact(name))
    it.runIf(runs)('refuses a model that its engine cannot run', async () => {
      const unknown = buildOnnx({
        nodes: [{ op: 'NoSuchOperator', inputs: ['x'], outputs: ['y'] }],
        inputs: [{ name: 'x', dims: [1] }],
        outputs: [{ name: 'y', dims: [1] }],
      })
      await expect(prepare(unknown)).rejects.toMatchObject({
        code: expect.stringMatching(/^(BACKEND_FAILED|OP_UNSUPPORTED)$/),
      })
    })
})

describe('list of backends', () => {
  it('names each once and finds them by name', () => {
    const names = backends.map((backend) => backend.name)
    expect(new Set(names).size).toBe(names.length)
    expect(selectBackends(['onnxruntime-web']).map((backend) => backend.name)).toEqual(['onnxruntime-web'])
    expect(() => selectBackends(['nope'])).toThrow(/onnxruntime-web/)
  })

  it('tells what to install when the native package is missing', async () => {
    const absent = { ...host, optionalPackage: async () => null }
    const native = selectBackends(['onnxruntime-node'])[0]!
    expect(await native.available(absent)).toMatchObject({
      ok: false,
      next: expect.stringContaining('npm install onnxruntime-node'),
    })
    await expect(native.prepare(readModel(denseModel(2, 2), 'm'), cpu, absent)).rejects.toThrow(/npm install/)
  })
})
