import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { segmentFor, type TensorValue } from '../../src/backends/backend.ts'
import { onnxruntimeNode } from '../../src/backends/onnxruntime-node.ts'
import { readPlacement } from '../../src/backends/onnxruntime-placement.ts'
import { ortProviders } from '../../src/backends/onnxruntime-providers.ts'
import type { PlacementOptions } from '../../src/backends/placement.ts'
import { tryApart } from '../../src/backends/trial.ts'
import { trialInputs, trialModel } from '../../src/backends/trial-model.ts'
import type { Device, Finding } from '../../src/core/device.ts'
import { readModel } from '../../src/formats/list.ts'
import type { Segment } from '../../src/graph/segment.ts'
import { type FakeHostOptions, fakeHost } from '../../src/hosts/fake.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { sampleInput } from '../../src/loop/input.ts'
import { ownTargets } from '../devices/fixture.ts'
import { needs, toolPath } from '../support/needs.ts'

const targets = await ownTargets()
const host = nodeHost()
const here = (await onnxruntimeNode.available(host)).ok
const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }
const webgpu: Device = {
  ...cpu,
  id: 'onnxruntime-node:webgpu',
  kind: 'gpu',
  facts: { engine: 'onnxruntime-node', provider: 'webgpu' },
}
const kws = (variant: string): Segment => {
  const path = resolve(import.meta.dirname, `../../models/kws/${variant}.onnx`)
  return segmentFor(readModel(readFileSync(path), variant), onnxruntimeNode)
}

describe('execution providers of onnxruntime', () => {
  const find = (providers: readonly string[], options: FakeHostOptions = {}) =>
    onnxruntimeNode.devices!(
      fakeHost({
        packages: {
          'onnxruntime-node': {
            InferenceSession: {},
            listSupportedBackends: () => providers.map((name) => ({ name })),
          },
        },
        ...options,
      }),
      targets,
    )
  const icd = (name: string) => ({ root: { [`/usr/share/vulkan/icd.d/${name}.json`]: '{}' } })

  it('that the binary does not have are not spoken of', async () => {
    expect(await find(['cpu'])).toEqual([])
    expect(await onnxruntimeNode.devices!(fakeHost(), targets)).toEqual([])
  })

  it('that lack their driver or library are absent in one line, and nothing is loaded', async () => {
    expect(await find(['cpu', 'webgpu', 'cuda', 'tensorrt'])).toEqual([
      {
        status: 'absent',
        kind: 'gpu',
        reason:
          'onnxruntime-node reaches none: webgpu: no Vulkan driver is installed; ' +
          'cuda: libonnxruntime_providers_cuda.so is not beside onnxruntime; ' +
          'tensorrt: libonnxruntime_providers_tensorrt.so is not beside onnxruntime',
      },
    ])
  })

  it('that would compute on the processor wait until the user names the driver', async () => {
    expect(await find(['webgpu'], icd('lvp_icd.x86_64'))).toMatchObject([
      { status: 'unusable', reason: expect.stringContaining('software only (lvp_icd.x86_64)') },
    ])
    const environment = { VK_DRIVER_FILES: '/opt/vk_swiftshader_icd.json' }
    expect(await find(['webgpu'], { environment })).toMatchObject([
      {
        status: 'unusable',
        reason: expect.stringContaining('its trial failed'),
        device: { facts: { drivers: ['vk_swiftshader_icd'], software: true } },
      },
    ])
  })

  it('that were not run here say so, and what they need', async () => {
    const findings: readonly Finding[] = await find(['dml', 'coreml', 'qnn'], { platform: 'win32' })
    expect(findings.map((finding) => finding.status === 'unusable' && finding.device.facts.proof)).toEqual(
      Array(3).fill('written against its documented interface; not run'),
    )
    for (const row of ortProviders) expect(row.next.length > 10 && row.source.startsWith('https://')).toBe(true)
  })

  it.runIf(here)('are refused on devices that are not their own', async () => {
    const segment = segmentFor(trialModel('float32'), onnxruntimeNode)
    const other = { ...webgpu, facts: { engine: 'onnxruntime-web', provider: 'webgpu' } }
    expect(onnxruntimeNode.supports(segment.graph.nodes[0]!, other)).toMatchObject({ ok: false })
    expect(onnxruntimeNode.supports(segment.graph.nodes[0]!, webgpu)).toEqual({ ok: true })
    await expect(onnxruntimeNode.prepare(segment, other, host)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    const cuda = { ...webgpu, facts: { engine: 'onnxruntime-node', provider: 'cuda' } }
    await expect(
      onnxruntimeNode.prepare(segment, cuda, host, { keepOnCpu: [segment.graph.nodes[0]!.name] }),
    ).rejects.toMatchObject({ code: 'BACKEND_LACKS' })
  })
})

it('reads who ran what out of a profile: nodes under their own names, copies apart', () => {
  const event = (name: string, op_name: string, provider: string) => ({
    cat: 'Node',
    name,
    args: { op_name, provider },
  })
  const profile = [
    { cat: 'Session', name: 'model_run' },
    event('Conv#1_token_0_kernel_time', 'Conv', 'WebGpuExecutionProvider'),
    event('Memcpy_kernel_time', 'MemcpyToHost', 'WebGpuExecutionProvider'),
    event('Softmax_kernel_time', 'Softmax', 'CPUExecutionProvider'),
    event('Conv#1_token_0_kernel_time', 'Conv', 'WebGpuExecutionProvider'),
  ]
  const graph = segmentFor(trialModel('float32'), onnxruntimeNode).graph
  const named = { ...graph, nodes: [{ ...graph.nodes[0]!, name: 'Conv#1' }] }
  expect(readPlacement(JSON.stringify(profile), named, ortProviders[0]!)).toEqual({
    accelerator: 'webgpu',
    nodes: [
      { name: 'Conv#1', op: 'Conv', at: 'webgpu' },
      { name: 'Softmax', op: 'Softmax', at: 'cpu' },
    ],
    copies: 1,
  })
})

needs('a Vulkan loader')('WebGPU in onnxruntime-node', () => {
  needs('software Vulkan')('on software Vulkan', () => {
    beforeAll(() => {
      process.env.LD_LIBRARY_PATH = dirname(toolPath('a Vulkan loader')!)
      process.env.VK_DRIVER_FILES = toolPath('software Vulkan')!
    })

    const inputsOf = (segment: Segment): Readonly<Record<string, TensorValue>> =>
      sampleInput(
        segment.graph.inputs.map((name) => {
          const { dtype, shape } = segment.graph.tensors.get(name)!
          return { name, dtype, shape }
        }),
        1,
      )
    /** In a process of its own: a driver that dies must not take the tests along. */
    const run = (segment: Segment, options: PlacementOptions = {}, device = webgpu) =>
      tryApart(host, { backend: 'onnxruntime-node', device, segment, inputs: inputsOf(segment), options })
    const accepted = async (...wanted: Parameters<typeof run>) => {
      const answer = await run(...wanted)
      if (!answer.ok) throw new Error(answer.reason)
      return answer
    }
    const onlyOutput = (outputs: Readonly<Record<string, TensorValue>>) =>
      [...(Object.values(outputs)[0]!.data as Float32Array)].map(Number)
    const closeTo = (expected: readonly number[]) => expected.map((value) => expect.closeTo(value, 4))

    it.runIf(here)('is found after its trial', { timeout: 90_000 }, async () => {
      const findings = await onnxruntimeNode.devices!(nodeHost(), targets)
      expect(findings).toContainEqual(
        expect.objectContaining({
          status: 'found',
          device: expect.objectContaining({
            id: 'onnxruntime-node:webgpu',
            facts: expect.objectContaining({ trial: 'webgpu took 1 of 1 nodes', software: true }),
          }),
        }),
      )
    })

    it.runIf(here)(
      'runs every node of a float model, with nothing on the processor',
      { timeout: 120_000 },
      async () => {
        const segment = kws('ds-cnn-16-float32')
        const [there, onCpu] = [await accepted(segment, { fallback: 'refuse' }), await accepted(segment, {}, cpu)]
        expect(there.placement!.nodes.length).toBeGreaterThan(5)
        expect(new Set(there.placement!.nodes.map(({ at }) => at))).toEqual(new Set(['webgpu']))
        expect(onlyOutput(there.outputs)).toEqual(closeTo(onlyOutput(onCpu.outputs)))
      },
    )

    it.runIf(here)('keeps the nodes on the processor that it is told to keep', { timeout: 120_000 }, async () => {
      const segment = kws('ds-cnn-16-float32')
      const kept = segment.graph.nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm').map(({ name }) => name)
      const keepOnCpu = [kept[1]!, kept.at(-1)!]
      const { placement, outputs } = await accepted(segment, { keepOnCpu, fallback: 'refuse' })
      const onCpu = placement!.nodes.filter(({ at }) => at === 'cpu').map(({ name }) => name)
      expect(onCpu.sort()).toEqual([...keepOnCpu].sort())
      expect(placement!.copies).toBeGreaterThan(0)
      expect(onlyOutput(outputs)).toEqual(closeTo(onlyOutput((await accepted(segment, {}, cpu)).outputs)))
    })

    it.runIf(here)('tells which int8 nodes stay behind, or refuses them', { timeout: 120_000 }, async () => {
      const segment = segmentFor(trialModel('int8'), onnxruntimeNode)
      const inputs = trialInputs('int8')
      const request = { backend: 'onnxruntime-node', device: webgpu, segment, inputs }
      const refused = await tryApart(host, { ...request, options: { fallback: 'refuse' } })
      expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining('fallback to CPU EP') })
      const told = await tryApart(host, request)
      const onCpu = await tryApart(host, { ...request, device: cpu })
      if (!told.ok || !onCpu.ok) throw new Error('it did not run')
      const left = told.placement!.nodes.filter(({ at }) => at === 'cpu')
      expect(new Set(left.map(({ op }) => op))).toEqual(new Set(['QuantizeLinear']))
      // The provider computes between the steps in floats, the processor in integers.
      const expected = onlyOutput(onCpu.outputs)
      const apart = onlyOutput(told.outputs).map((value, index) => Math.abs(value - expected[index]!))
      expect(Math.max(...apart)).toBeLessThanOrEqual(1)
    })

    it.runIf(here)('says why it is not usable where the driver does not work', { timeout: 90_000 }, async () => {
      process.env.VK_DRIVER_FILES = '/nowhere/icd.json'
      const findings = await onnxruntimeNode.devices!(nodeHost(), targets)
      process.env.VK_DRIVER_FILES = toolPath('software Vulkan')!
      expect(findings[0]).toMatchObject({
        status: 'unusable',
        reason: expect.stringContaining('No supported adapters'),
        next: expect.stringContaining('libvulkan1'),
      })
    })
  })
})
