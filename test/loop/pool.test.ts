import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { emulatedBackend } from '../../src/backends/emulated.ts'
import { MilliwattError } from '../../src/core/errors.ts'
import type { Host, HostWorker } from '../../src/core/host.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const host = testHost(temporaryFolder())
const network = smallNetwork()
const bytes = writeTflite(network)
const inputOf = (seed: number) => Int8Array.from({ length: 60 }, (_, i) => ((i * 97 + seed * 31) % 256) - 128)
const expected = (seed: number) => interpret(network, [inputOf(seed)], 'tflm').get('y')
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error) => (error instanceof MilliwattError ? error.code : (error as Error).name),
  )

/** What a test saw of the workers of a host. */
interface Seen {
  readonly workers: HostWorker[]
  readonly messages: unknown[]
}

/** The host with its workers in sight; what `lost` picks never reaches a worker. */
function watched(seen: Seen, lost: (message: unknown) => boolean = () => false): Host {
  return {
    ...host,
    startWorker: () => {
      const worker = host.startWorker!()
      seen.workers.push(worker)
      const post: HostWorker['post'] = (message, transfer) => {
        seen.messages.push(message)
        if (!lost(message)) worker.post(message, transfer)
      }
      return { ...worker, post }
    },
  }
}

/** A worker that gets ready and then answers nothing. */
function silentHost(): Host {
  const source = `
    const { parentPort } = require('node:worker_threads')
    parentPort.on('message', ({ kind }) => kind === 'prepare' && parentPort.postMessage({ kind: 'ready' }))`
  return {
    ...host,
    startWorker: () => {
      const worker = new Worker(source, { eval: true })
      return {
        post: (message, transfer) => worker.postMessage(message, [...transfer]),
        onMessage: (listener) => void worker.on('message', listener),
        onEnd: (listener) => void worker.once('exit', () => listener('it was ended')),
        end: async () => void (await worker.terminate()),
      }
    },
  }
}

async function openSmall(on: Host, backend = 'compiled') {
  const runtime = await openRuntimeOn(on, { backends: [backend] })
  return { runtime, model: await runtime.load(bytes) }
}

describe('pool of workers', () => {
  it('runs many tasks over its workers, every output its own', async () => {
    const seen: Seen = { workers: [], messages: [] }
    const { runtime, model } = await openSmall(watched(seen))
    await using _ = runtime
    const pool = await model.openPool({ workers: 3 })
    const results = await Promise.all(Array.from({ length: 40 }, (_each, seed) => pool.runAsync(inputOf(seed))))
    results.forEach(({ y }, seed) => {
      expect(y!.data).toEqual(expected(seed))
      expect(y!.quantization).toEqual({ scale: 1 / 256, zeroPoint: -128 })
    })
    expect([seen.workers.length, pool.workers]).toEqual([3, 3])
    const prepared = seen.messages.filter((message) => (message as { kind: string }).kind === 'prepare')
    expect(new Set(prepared.map((message) => (message as { shared: unknown }).shared)).size).toBe(1)
  })

  it('runs engines that prepare the model themselves in each worker', async () => {
    const { runtime, model } = await openSmall(host, 'onnxruntime-web')
    await using _ = runtime
    const pool = await model.openPool({ workers: 1 })
    const [here, there] = await Promise.all([model.runAsync(inputOf(1)), pool.runAsync(inputOf(1))])
    expect(there).toEqual(here)
  })

  it('copies inputs, or moves them when it is told to', async () => {
    const { runtime, model } = await openSmall(host)
    await using _ = runtime
    await using pool = await model.openPool({ workers: 1 })
    const input = inputOf(1)
    expect((await pool.runAsync(input)).y!.data).toEqual(expected(1))
    expect(input).toEqual(inputOf(1))
    expect((await pool.runAsync(input, { transfer: true })).y!.data).toEqual(expected(1))
    expect(input.length).toBe(0)
    expect(await codeOf(pool.runAsync(input))).toBe('INPUT_SHAPE')
    const part = new Int8Array(100).subarray(20, 80)
    part.set(inputOf(2))
    expect((await pool.runAsync({ x: part }, { transfer: true })).y!.data).toEqual(expected(2))
    expect(part.length).toBe(60)
  })

  it('takes a task off the queue when its signal aborts', async () => {
    const { runtime, model } = await openSmall(host)
    await using _ = runtime
    await using pool = await model.openPool({ workers: 1 })
    const stop = new AbortController()
    const tasks = [0, 1, 2, 3].map((seed) => pool.runAsync(inputOf(seed), seed > 1 ? { signal: stop.signal } : {}))
    stop.abort()
    expect(await Promise.all(tasks.map(codeOf))).toEqual(['done', 'done', 'AbortError', 'AbortError'])
    expect(await codeOf(pool.runAsync(inputOf(0), { signal: stop.signal }))).toBe('AbortError')
    expect((await pool.runAsync(inputOf(5))).y!.data).toEqual(expected(5))
  })

  it('fails the task of a worker that dies, replaces the worker and goes on', async () => {
    const seen: Seen = { workers: [], messages: [] }
    const firstRun = (message: unknown) => seen.workers.length === 1 && (message as { kind: string }).kind === 'run'
    const { runtime, model } = await openSmall(watched(seen, firstRun))
    await using _ = runtime
    await using pool = await model.openPool({ workers: 1 })
    const task = pool.runAsync(inputOf(0)).catch((error: MilliwattError) => `${error.code} ${error.detail}`)
    const next = pool.runAsync(inputOf(1))
    await seen.workers[0]!.end()
    expect(await task).toBe('BACKEND_FAILED Its worker ended: it was ended.')
    expect((await next).y!.data).toEqual(expected(1))
    expect([seen.workers.length, pool.workers]).toEqual([2, 1])
  })

  it('ends a worker that does not answer in time', async () => {
    const { runtime, model } = await openSmall(silentHost())
    await using _ = runtime
    await using pool = await model.openPool({ workers: 1, deadlineS: 0.1 })
    await expect(pool.runAsync(inputOf(0))).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      detail: 'Its worker did not answer within 0.1 s.',
    })
  })

  it('ends with the model: what waits or runs fails, and so does what comes later', async () => {
    const { runtime, model } = await openSmall(host)
    await using _ = runtime
    const pool = await model.openPool({ workers: 1 })
    const tasks = [0, 1, 2].map((seed) => codeOf(pool.runAsync(inputOf(seed))))
    await model.dispose()
    expect(await Promise.all(tasks)).toEqual(['MODEL_DISPOSED', 'MODEL_DISPOSED', 'MODEL_DISPOSED'])
    expect(await codeOf(pool.runAsync(inputOf(0)))).toBe('MODEL_DISPOSED')
    expect(pool.workers).toBe(0)
  })

  it('is refused where it cannot be', async () => {
    const { startWorker: _, ...threadless } = host
    const { runtime, model } = await openSmall(threadless)
    await using __ = runtime
    expect(await codeOf(model.openPool())).toBe('BACKEND_LACKS')
    expect(await codeOf(model.openPool({ workers: 0 }))).toBe('USAGE')
    const own = await runtime.load(bytes, { backends: [emulatedBackend()] })
    expect(await codeOf(own.openPool())).toBe('BACKEND_LACKS')
  })
})
