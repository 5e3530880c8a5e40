import { expect, test } from 'vitest'
import { gpuFinder } from '../../src/devices/gpu.ts'
import { type FakeTree, fakeHost } from '../../src/hosts/fake.ts'
import { deviceOf, machineHost, ownTargets } from './fixture.ts'

const targets = await ownTargets()
const provider = (requestAdapter: () => Promise<unknown>) => ({ webgpu: { create: () => ({ requestAdapter }) } })
const adapter = { info: { vendor: 'intel', architecture: 'xe', description: 'Intel Graphics' } }
const nvidiaCard: FakeTree = {
  '/sys/class/drm/renderD128/device/uevent': 'DRIVER=nvidia\nPCI_ID=10DE:2684\nPCI_SLOT_NAME=0000:01:00.0\n',
  '/dev/dri/renderD128': { node: true },
}
const smi = { stdout: '0, NVIDIA GeForce RTX 4090, 550.54, 24564, 00000000:01:00.0\n' }

test('a WebGPU adapter is found when a backend runs on it, else it says that none does', async () => {
  const host = fakeHost({ packages: provider(async () => adapter) })
  const [served] = await gpuFinder(targets, ['page']).find(host)
  expect(served).toMatchObject({ status: 'found', device: { id: 'gpu:webgpu', name: 'Intel Graphics (WebGPU)' } })
  const [unserved] = await gpuFinder(targets).find(host)
  expect(unserved).toMatchObject({ status: 'unusable', reason: expect.stringContaining('no backend') })
})

test.each([
  ['gives no adapter', async () => null, 'has no adapter'],
  ['fails', () => Promise.reject(new Error('no Vulkan')), 'failed: no Vulkan'],
])('a WebGPU provider that %s is a reason, not a throw', async (_, request, reason) => {
  const [finding] = await gpuFinder(targets).find(fakeHost({ packages: provider(request) }))
  expect(finding).toMatchObject({ status: 'absent', reason: expect.stringContaining(reason) })
})

test('a package that is no provider is a reason', async () => {
  const [finding] = await gpuFinder(targets).find(fakeHost({ packages: { webgpu: {} } }))
  expect(finding).toMatchObject({ status: 'absent', reason: expect.stringContaining('exports no create()') })
})

test('a WebGPU provider that hangs is given up after three seconds', async () => {
  const host = fakeHost({ packages: provider(() => new Promise(() => {})) })
  const search = gpuFinder(targets).find(host)
  await expect.poll(() => host.clock.sleeperCount).toBe(1)
  host.clock.advance(3)
  expect(await search).toMatchObject([{ status: 'absent', reason: expect.stringContaining('no answer within 3 s') }])
})

test('no provider is named with the command that installs it', async () => {
  const [finding] = await gpuFinder(targets).find(machineHost('bare-vm'))
  expect(finding).toMatchObject({ status: 'absent', reason: expect.stringContaining('npm install webgpu') })
})

test('nvidia-smi and the kernel name one card once', async () => {
  const findings = await gpuFinder(targets).find(fakeHost({ root: nvidiaCard, commands: { 'nvidia-smi': smi } }))
  expect(findings.map((finding) => deviceOf(finding).name)).toEqual(['NVIDIA GeForce RTX 4090'])
  expect(deviceOf(findings[0]).facts.memoryBytes).toBe(24564 * 2 ** 20)
})

test('nvidia-smi alone, as in a container, is enough; an error of it is none', async () => {
  const alone = await gpuFinder(targets).find(fakeHost({ commands: { 'nvidia-smi': smi } }))
  expect(deviceOf(alone[0])).toMatchObject({ id: 'gpu:nvidia0', facts: { pciSlot: '0000:01:00.0' } })
  const failed = { exitCode: 9, stdout: 'NVIDIA-SMI has failed' }
  const [finding] = await gpuFinder(targets).find(fakeHost({ commands: { 'nvidia-smi': failed } }))
  expect(finding?.status).toBe('absent')
})

test('a render node that this user may not open says which group helps', async () => {
  const root = { ...nvidiaCard, '/dev/dri/renderD128': { node: true, accessible: false } as const }
  const [finding] = await gpuFinder(targets).find(fakeHost({ root }))
  expect(finding).toMatchObject({
    reason: expect.stringContaining('/dev/dri/renderD128'),
    next: expect.stringContaining('usermod -aG render'),
  })
})

test('the node of an accelerator driver and a display controller are no GPUs', async () => {
  const findings = await gpuFinder(targets).find(machineHost('radxa-rock-5b'))
  expect(findings.map((finding) => deviceOf(finding).facts.node)).toEqual(['/dev/mali0'])
})
