import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { native, prepareNative } from '../../src/backends/native.ts'
import type { Device } from '../../src/core/device.ts'
import type { Host } from '../../src/core/host.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { needs } from '../support/needs.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const segment = { graph: smallNetwork(), source: { format: 'tflite', bytes: new Uint8Array(0) } }
const cpu = { kind: 'cpu' } as Device
const data = Int8Array.from({ length: 60 }, (_, index) => index * 4 - 120)
const x = { dtype: 'int8', shape: [1, 6, 5, 2], data } as const
const packages = { koffi: { load: () => ({}), address: () => 0n } }

describe('backend native without what it needs', () => {
  it('names koffi, then the compiler', async () => {
    const bare = fakeHost()
    expect(await native.available(bare)).toMatchObject({
      ok: false,
      next: expect.stringContaining('npm install koffi'),
    })
    await expect(native.prepare(segment, cpu, bare)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    const without = fakeHost({ packages })
    expect(await native.available(without)).toMatchObject({ ok: false, next: expect.stringContaining('install gcc') })
    await expect(native.prepare(segment, cpu, without)).rejects.toThrow(/no C compiler/)
  })

  it('passes on what the compiler says', async () => {
    const cc = (args: readonly string[]) =>
      args.includes('-shared') ? { exitCode: 1, stderr: 'model.c:3: error: no such luck' } : { stdout: 'cc 1.0\n' }
    const host = fakeHost({ packages, commands: { cc }, readsDisk: true })
    await expect(native.prepare(segment, cpu, host)).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      detail: expect.stringContaining('no such luck'),
    })
  })

  it('takes the compiler that CC names, and other flags where a compiler does not know -march=native', async () => {
    const seen: string[] = []
    const tcc = (args: readonly string[]) => {
      seen.push(args.join(' '))
      return args.includes('-march=native') ? { exitCode: 1 } : { stdout: '#define __ARM_NEON 1\n' }
    }
    const host = fakeHost({ packages, commands: { tcc }, environment: { CC: 'tcc' } })
    expect(await native.available(host)).toMatchObject({ ok: true, engine: expect.stringContaining('NEON') })
    expect(seen.at(-1)).toMatch(/^-mcpu=native/)
  })
})

needs('cc')('backend native', () => {
  needs('koffi')('with koffi', () => {
    let folder: string
    let host: Host
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'milliwatt-native-'))
      host = { ...nodeHost(), cacheFolder: folder }
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))

    it('computes what the reference interpreter does; outputs belong to the caller', async () => {
      await using executable = await native.prepare(segment, cpu, host)
      const first = await executable.run({ x })
      expect(first.y!.data).toEqual(interpret(segment.graph, [data], 'tflm').get('y'))
      expect((await executable.run({ x })).y!.data).not.toBe(first.y!.data)
    })

    it('refuses inputs of another type or length, and to run after it was disposed of', async () => {
      const executable = await native.prepare(segment, cpu, host)
      const short = { x: { dtype: 'int8', shape: [1], data: new Int8Array(1) } } as const
      await expect(executable.run(short)).rejects.toMatchObject({ code: 'INPUT_SHAPE' })
      await expect(executable.run({})).rejects.toMatchObject({ code: 'INPUT_SHAPE' })
      await executable[Symbol.asyncDispose]()
      await expect(executable.run({ x })).rejects.toThrow(/disposed of/)
    })

    it('builds once for several models at the same time, each with memory of its own', async () => {
      const models = await Promise.all([1, 2, 3].map(() => prepareNative(segment, host)))
      const [built] = readdirSync(join(folder, 'native'))
      expect(readdirSync(join(folder, 'native')).length).toBe(1)
      expect(readdirSync(join(folder, 'native', built!)).sort()).toEqual([
        'library.c',
        'model.c',
        'model.h',
        expect.stringMatching(/^model\.(so|dylib)$/),
      ])
      const [first, second] = models
      first!.inputs[0]!.data.set(data)
      second!.inputs[0]!.data.fill(7)
      first!.run()
      expect(first!.outputs[0]!.data).toEqual(interpret(segment.graph, [data], 'tflm').get('y'))
    })

    it('times layers by a clock of its own, in runs that compute what others do', async () => {
      const model = await prepareNative(segment, host)
      model.inputs[0]!.data.set(data)
      const { layersS, clockS } = model.stamped()
      expect(model.outputs[0]!.data).toEqual(interpret(segment.graph, [data], 'tflm').get('y'))
      expect(layersS).toHaveLength(model.manifest.layers.filter(({ kernel }) => kernel !== 'alias').length)
      for (const seconds of [...layersS, clockS]) expect(seconds).toBeGreaterThanOrEqual(0)
      expect(Math.max(...layersS)).toBeGreaterThan(0)
      model.close()
      expect(() => model.stamped()).toThrow(/disposed of/)
    })

    it('takes a library from the cache, and builds it again where the compiler is another', async () => {
      await prepareNative(segment, host)
      const [built] = readdirSync(join(folder, 'native'))
      const library = join(folder, 'native', built!, 'model.so')
      const { mtimeMs } = statSync(library)
      await prepareNative(segment, host)
      expect(statSync(library).mtimeMs).toBe(mtimeMs)
      const newer: Host['command'] = async (name, args, timeoutS) => {
        const result = await host.command(name, args, timeoutS)
        return result && args[0] === '--version' ? { ...result, stdout: `newer ${result.stdout}` } : result
      }
      await prepareNative(segment, { ...host, command: newer })
      expect(readdirSync(join(folder, 'native')).length).toBe(2)
    })
  })
})
