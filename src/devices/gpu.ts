import type { Device, DeviceFinder, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import type { Targets } from '../targets/target.ts'
import { type DrmNode, drmNodes } from './buses.ts'
import { findNvidia, type NvidiaGpu } from './gpu-nvidia.ts'
import { findWebGpu } from './gpu-web.ts'
import { distinct, fact } from './read.ts'

/** Names of milliwatt's backends that run on a GPU that this finder finds; those that engines reach, engines find. */
const gpuBackends: readonly string[] = []

/** PCI vendors of GPUs, from the PCI id list. */
const pciVendors: Readonly<Record<string, string>> = {
  '8086': 'Intel',
  '1002': 'AMD',
  '10de': 'NVIDIA',
  '1af4': 'virtio',
  '15ad': 'VMware',
  '1414': 'Microsoft',
}

/** Vendor prefixes of device tree strings, from Linux Documentation/devicetree/bindings/vendor-prefixes.yaml. */
const treeVendors: Readonly<Record<string, string>> = {
  arm: 'Arm Mali',
  brcm: 'Broadcom',
  img: 'Imagination',
  nvidia: 'NVIDIA',
  qcom: 'Qualcomm',
  vivante: 'Vivante',
}

/** Drivers of display controllers that make a render node but do not compute. */
const displayDrivers: readonly string[] = [
  'rockchip-drm',
  'vc4-drm',
  'vc4',
  'sun4i-drm',
  'imx-drm',
  'simple-framebuffer',
]

/** Nodes of vendor drivers outside the kernel's graphics class. */
const vendorDrivers: readonly DrmNode[] = [
  { node: '/dev/mali0', folder: '/sys/class/misc/mali0', driver: 'mali', compatible: 'arm,mali' },
]

const noBackend = 'no backend addresses it by itself'
const meanwhile =
  'Install onnxruntime-node: what it reaches through WebGPU or CUDA has a line of its own; until then the processor runs everything.'

/**
 * Finds GPUs: a WebGPU adapter when the optional package `webgpu` is installed, render nodes of the Linux
 * kernel, and what `nvidia-smi` lists. A node of an accelerator's driver is no GPU.
 * @param backends names of the backends that run on a GPU
 */
export function gpuFinder(targets: Targets, backends: readonly string[] = gpuBackends): DeviceFinder {
  return { name: 'gpu', kind: 'gpu', find: (host) => findGpus(host, targets, backends) }
}

async function findGpus(host: Host, targets: Targets, backends: readonly string[]): Promise<readonly Finding[]> {
  const accelerators = new Set([...targets.accelerators.values()].flatMap((target) => target.detect.drmDrivers))
  const [nodes, nvidia, web] = await Promise.all([drmNodes(host.system), findNvidia(host), findWebGpu(host)])
  const others = new Set([...accelerators, ...displayDrivers])
  const render = [...nodes, ...(await vendorNodes(host))].filter(
    (node) => !node.node.startsWith('/dev/accel/') && !others.has(node.driver),
  )
  const devices = [
    ...render.map((node) =>
      renderDevice(
        node,
        nvidia.find((gpu) => isSame(node, gpu)),
      ),
    ),
    ...nvidia.filter((gpu) => !render.some((node) => isSame(node, gpu))).map(nvidiaDevice),
  ]
  const hardware = await Promise.all(devices.map((device) => judgeHardware(host, device, web.reason)))
  const adapters = web.devices.map((device): Finding => judgeAdapter(device, backends))
  const findings = [...adapters, ...hardware]
  if (findings.length > 0) return findings
  const looked =
    host.platform === 'linux' ? '/sys/class/drm has no render node, nvidia-smi lists none' : 'nvidia-smi lists none'
  return [{ status: 'absent', kind: 'gpu', reason: `${looked}, and ${web.reason}` }]
}

async function vendorNodes(host: Host): Promise<readonly DrmNode[]> {
  const there = await Promise.all(vendorDrivers.map(({ node }) => host.system.exists(node)))
  return vendorDrivers.filter((_, index) => there[index])
}

/** The same slot on PCI; on a system on chip, which has none, the same vendor. */
function isSame(node: DrmNode, gpu: NvidiaGpu): boolean {
  if (node.pciSlot !== undefined || gpu.pciSlot !== undefined) return node.pciSlot === gpu.pciSlot
  return node.compatible?.startsWith('nvidia,') ?? false
}

function judgeAdapter(device: Device, backends: readonly string[]): Finding {
  if (backends.length > 0) return { status: 'found', kind: 'gpu', device }
  return { status: 'unusable', kind: 'gpu', device, reason: noBackend, next: meanwhile }
}

async function judgeHardware(host: Host, device: Device, web: string): Promise<Finding> {
  const node = device.facts.node
  if (typeof node === 'string' && !(await host.system.isAccessible(node))) {
    const reason = `this user may not open ${node}, and ${noBackend}`
    const next = `Add the user to the group that owns the node (Linux: sudo usermod -aG render $USER), then log in again. ${meanwhile}`
    return { status: 'unusable', kind: 'gpu', device, reason, next }
  }
  const reason = web === '' ? `${noBackend}; WebGPU reaches it` : `${noBackend}; ${web}`
  return { status: 'unusable', kind: 'gpu', device, reason, next: meanwhile }
}

function renderDevice(node: DrmNode, nvidia: NvidiaGpu | undefined): Device {
  const vendor = vendorOf(node)
  return {
    id: `gpu:${node.node.split('/').pop()}`,
    kind: 'gpu',
    name: nvidia?.name ?? [vendor, 'GPU', `(${node.driver})`].filter((word) => word !== undefined).join(' '),
    facts: {
      node: node.node,
      driver: node.driver,
      ...fact('pciId', node.pciId),
      ...fact('compatible', node.compatible),
      ...fact('memoryBytes', nvidia?.memoryBytes),
    },
    sources: distinct([`${node.folder}/device/uevent`, ...(nvidia ? ['nvidia-smi'] : [])]),
  }
}

function vendorOf(node: DrmNode): string | undefined {
  const [pci, tree] = [node.pciId?.split(':')[0], node.compatible?.split(',')[0]]
  if (pci !== undefined) return Object.hasOwn(pciVendors, pci) ? pciVendors[pci] : `vendor ${pci}`
  return tree !== undefined && Object.hasOwn(treeVendors, tree) ? treeVendors[tree] : tree
}

function nvidiaDevice(gpu: NvidiaGpu): Device {
  return {
    id: `gpu:nvidia${gpu.index}`,
    kind: 'gpu',
    name: gpu.name,
    facts: {
      driver: `nvidia ${gpu.driverVersion}`,
      ...fact('pciSlot', gpu.pciSlot),
      ...fact('memoryBytes', gpu.memoryBytes),
    },
    sources: ['nvidia-smi'],
  }
}
