import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type Executable, segmentFor, type TensorValue } from '../../src/backends/backend.ts'
import { page } from '../../src/backends/page.ts'
import { placementFromLog } from '../../src/backends/page-placement.ts'
import { describePlacement } from '../../src/backends/placement.ts'
import { trialInputs, trialModel } from '../../src/backends/trial-model.ts'
import type { Device, Finding } from '../../src/core/device.ts'
import type { Host } from '../../src/core/host.ts'
import { readModel } from '../../src/formats/list.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { ownTargets } from '../devices/fixture.ts'
import { needs, toolPath } from '../support/needs.ts'
import { temporaryFolder } from '../support/temporary.ts'

const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }
const on = (provider: string): Device => ({
  ...cpu,
  kind: 'gpu',
  id: `page:${provider}`,
  facts: { engine: 'page', provider },
})
const targets = await ownTargets()
const float = segmentFor(trialModel('float32'), page)
const integer = segmentFor(trialModel('int8'), page)

it('reads who runs what out of the log of onnxruntime', () => {
  const line = (text: string) => `2026 [V:onnxruntime:, session_state.cc:1377 VerifyEachNodeIsAssignedToAnEp] ${text}`
  const lines = [
    'something else (Conv#1)',
    line('Node placements'),
    line(' Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1'),
    line('  Softmax (Softmax_3)'),
    line(' Node(s) placed on [JsExecutionProvider]. Number of nodes: 3'),
    line('  MemcpyToHost (Memcpy)'),
    line('  Conv (Conv#1_token_0)'),
    line('Some nodes were not assigned to the preferred execution providers (which may matter)'),
  ]
  const graph = { ...float.graph, nodes: [{ ...float.graph.nodes[0]!, name: 'Conv#1' }] }
  expect(placementFromLog(lines, graph, 'webgpu')).toEqual({
    accelerator: 'webgpu',
    nodes: [
      { name: 'Softmax_3', op: 'Softmax', at: 'cpu' },
      { name: 'Conv#1', op: 'Conv', at: 'webgpu' },
    ],
    copies: 1,
  })
  const all = [line(' All nodes placed on [WebNNExecutionProvider]. Number of nodes: 1')]
  expect(placementFromLog(all, graph, 'webnn-npu')?.nodes).toEqual([
    { name: 'Conv#1', op: graph.nodes[0]!.op, at: 'webnn-npu' },
  ])
  expect(placementFromLog(['nothing'], graph, 'webgpu')).toBeNull()
})

it('says what it needs, and asks nothing of a machine that lacks it', async () => {
  const bare = fakeHost()
  expect(await page.available(bare)).toMatchObject({ ok: false, next: expect.stringContaining('playwright-core') })
  const packagePaths = { 'playwright-core': '/p/index.js', 'onnxruntime-web/all': '/o/ort.js' }
  const without = fakeHost({ packagePaths, environment: { MILLIWATT_CHROMIUM: '/nowhere/chromium' } })
  expect(await page.available(without)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('/nowhere/chromium'),
  })
  expect(await page.devices!(bare, targets)).toEqual([])
  await expect(page.prepare(float, cpu, bare)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
})

needs('chromium')('a page of Chromium', () => {
  const softwareGpu = '--use-webgpu-adapter=swiftshader --enable-unsafe-swiftshader'
  const host = (flags = softwareGpu): Host => {
    const own = nodeHost()
    const environment = {
      ...own.environment,
      MILLIWATT_CHROMIUM: toolPath('chromium')!,
      MILLIWATT_CHROMIUM_FLAGS: flags,
    }
    return { ...own, environment }
  }
  const folder = temporaryFolder()
  const opened: Executable[] = []
  const prepare = async (...[segment, device, given, options]: Parameters<typeof page.prepare>) => {
    const executable = await page.prepare(segment, device, given, options)
    opened.push(executable)
    return executable
  }
  afterEach(async () => {
    for (const executable of opened.splice(0)) await executable[Symbol.asyncDispose]()
  })
  const only = (outputs: Readonly<Record<string, TensorValue>>) =>
    [...(Object.values(outputs)[0]!.data as Float32Array)].map(Number)

  it('runs a float model on WebGPU, every node, with the numbers of the processor', { timeout: 120_000 }, async () => {
    const there = await prepare(float, on('webgpu'), host(), { fallback: 'refuse' })
    expect(describePlacement(there.placement!)).toBe('webgpu took 3 of 3 nodes')
    const here = await prepare(float, cpu, host())
    expect(here.placement).toBeUndefined()
    const inputs = trialInputs('float32')
    const expected = only(await here.run(inputs))
    expect(only(await there.run(inputs))).toEqual(expected.map((value) => expect.closeTo(value, 4)))
  })

  it('tells which nodes stay behind, or refuses them', { timeout: 120_000 }, async () => {
    const told = await prepare(integer, on('webgpu'), host())
    const left = told.placement!.nodes.filter(({ at }) => at === 'cpu')
    expect(new Set(left.map(({ op }) => op))).toEqual(new Set(['QuantizeLinear']))
    await expect(prepare(integer, on('webgpu'), host(), { fallback: 'refuse' })).rejects.toMatchObject({
      code: 'FALLBACK_REFUSED',
      detail: expect.stringContaining('QuantizeLinear'),
    })
    await expect(prepare(float, on('webgpu'), host(), { keepOnCpu: ['Conv#1'] })).rejects.toMatchObject({
      code: 'BACKEND_LACKS',
    })
  })

  it('runs a model of the catalogue in the browser’s own processor', { timeout: 120_000 }, async () => {
    const path = resolve(import.meta.dirname, '../../models/kws/ds-cnn-16-int8.onnx')
    const segment = segmentFor(readModel(readFileSync(path), 'kws'), page)
    const executable = await prepare(segment, cpu, host())
    const [input] = executable.inputs
    const shape = input!.shape as readonly number[]
    const data = new Float32Array(shape.reduce((product, length) => product * length, 1)).fill(0.5)
    const scores = only(await executable.run({ [input!.name]: { dtype: 'float32', shape, data } }))
    expect(scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 3)
  })

  it('gets a new page after a run that fails, and a new browser after its browser died', {
    timeout: 180_000,
  }, async () => {
    const pidFile = join(folder, 'pid')
    const script = join(folder, 'chromium')
    writeFileSync(script, `#!/bin/sh\necho $$ > ${pidFile}\nexec ${toolPath('chromium')} "$@"\n`, { mode: 0o755 })
    const own = host()
    const watched = { ...own, environment: { ...own.environment, MILLIWATT_CHROMIUM: script } }
    const executable = await prepare(float, cpu, watched)
    const inputs = trialInputs('float32')
    const before = only(await executable.run(inputs))
    const failure = { code: 'BACKEND_FAILED', detail: expect.stringContaining('the next run opens another') }
    const wrong = { x: { ...inputs.x!, shape: [1, 1, 1, 1], data: new Float32Array(1) } }
    await expect(executable.run(wrong)).rejects.toMatchObject(failure)
    expect(only(await executable.run(inputs))).toEqual(before)
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
    await expect(executable.run(inputs)).rejects.toMatchObject(failure)
    expect(only(await executable.run(inputs))).toEqual(before)
    await executable[Symbol.asyncDispose]()
    await expect(executable.run(inputs)).rejects.toThrow(/disposed/)
  })

  it('is asked for its devices: each ran a model, or says why not', { timeout: 180_000 }, async () => {
    const findings: readonly Finding[] = await page.devices!(host(), targets)
    expect(findings.length).toBe(3)
    expect(findings[0]).toMatchObject({
      status: 'found',
      device: { id: 'page:webgpu', facts: { trial: 'webgpu took 3 of 3 nodes', vendor: 'google', software: true } },
    })
    const [unasked] = await page.devices!(host(''), targets)
    expect(['absent', 'unusable']).toContain(unasked!.status)
    for (const finding of findings.slice(1))
      if (finding.status === 'absent') expect(finding.reason).toMatch(/Chromium has no webnn-\w+ here: .{10}/)
      else
        expect(finding).toMatchObject({
          status: 'found',
          device: { facts: { trial: expect.stringContaining('took 3 of 3') } },
        })
  })
})
