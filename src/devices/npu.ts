import type { Device, DeviceFinder, Finding } from '../core/device.ts'
import type { Host, SystemTree } from '../core/host.ts'
import type { AcceleratorTarget, Targets } from '../targets/target.ts'
import { type DrmNode, drmNodes, type PciDevice, pciDevices, type UsbDevice, usbDevices } from './buses.ts'
import { type DeviceTreeNode, readDeviceTree } from './device-tree.ts'
import { distinct, fact } from './read.ts'

/** What the machine shows on all buses, read once for all accelerators. */
interface Sight {
  readonly pci: readonly PciDevice[]
  readonly usb: readonly UsbDevice[]
  readonly drm: readonly DrmNode[]
  readonly tree: readonly DeviceTreeNode[]
}

/** Traces of one accelerator: the hardware as buses show it, and the nodes through which a program reaches it. */
interface Traces {
  readonly hardware: readonly string[]
  readonly nodes: readonly string[]
  readonly loadedModules: readonly string[]
}

/** Finds neural accelerators by the detection data of `targets/accelerators`. */
export function npuFinder(targets: Targets): DeviceFinder {
  return { name: 'npu', kind: 'npu', find: (host) => findNpus(host, [...targets.accelerators.values()]) }
}

async function findNpus(host: Host, accelerators: readonly AcceleratorTarget[]): Promise<readonly Finding[]> {
  const [pci, usb, drm, tree] = await Promise.all([
    pciDevices(host.system),
    usbDevices(host.system),
    drmNodes(host.system),
    readDeviceTree(host.system),
  ])
  const seen = (await lookAll(host, accelerators, { pci, usb, drm, tree })).filter(
    ({ traces }) => traces.hardware.length + traces.nodes.length > 0,
  )
  if (seen.length === 0) return [{ status: 'absent', kind: 'npu', reason: absence(host, accelerators.length) }]
  return Promise.all(seen.map(({ target, traces }) => judge(host, target, traces)))
}

/** Looks for each. A node whose name several share belongs to the one whose hardware is there. */
async function lookAll(host: Host, accelerators: readonly AcceleratorTarget[], sight: Sight) {
  const looks = await Promise.all(
    accelerators.map(async (target) => ({ target, traces: await look(host, target, sight) })),
  )
  const taken = new Set(looks.flatMap(({ traces }) => (traces.hardware.length > 0 ? traces.nodes : [])))
  return looks.map(({ target, traces }) => {
    if (traces.hardware.length > 0) return { target, traces }
    return { target, traces: { ...traces, nodes: traces.nodes.filter((node) => !taken.has(node)) } }
  })
}

async function look(host: Host, target: AcceleratorTarget, sight: Sight): Promise<Traces> {
  const { detect } = target
  const pci = sight.pci.filter((device) =>
    detect.pciIds.some((id) => id.vendorId === device.vendorId && id.deviceId === device.deviceId),
  )
  const usb = sight.usb.filter((device) =>
    detect.usbIds.some((id) => id.vendorId === device.vendorId && id.productId === device.productId),
  )
  const compatible = distinct(sight.tree.flatMap((node) => node.compatible))
  const always = detect.machines.some(
    (machine) => machine.platform === host.platform && machine.architecture === host.architecture,
  )
  const ownNodes = await Promise.all(detect.deviceNodes.map((pattern) => glob(host.system, pattern)))
  const driverNodes = sight.drm.filter((node) => detect.drmDrivers.includes(node.driver)).map((node) => node.node)
  return {
    hardware: [
      ...pci.map((device) => `pci ${device.vendorId}:${device.deviceId} at ${device.slot}`),
      ...usb.map((device) => `usb ${device.vendorId}:${device.productId} at ${device.name}`),
      ...detect.deviceTreeCompatible.filter((text) => compatible.includes(text)).map((text) => `device tree ${text}`),
      ...(always ? [`every ${host.platform} ${host.architecture} machine has it`] : []),
    ],
    nodes: distinct([...ownNodes.flat(), ...driverNodes, ...usb.flatMap((device) => device.node ?? [])]),
    loadedModules: await loadedModules(host.system, detect.kernelModules),
  }
}

async function judge(host: Host, target: AcceleratorTarget, traces: Traces): Promise<Finding> {
  const device = toDevice(target, traces)
  const problem = (reason: string, next: string): Finding => ({ status: 'unusable', kind: 'npu', device, reason, next })
  const needsNode = target.detect.deviceNodes.length + target.detect.drmDrivers.length > 0
  if (needsNode && traces.nodes.length === 0) return problem(missingNode(target, traces), target.next)
  const closed = await closedNodes(host.system, traces.nodes)
  if (target.backends.length === 0) {
    const access = closed.length > 0 ? `; this user may not open ${closed.join(', ')} either` : ''
    return problem(`${wayIn(target)}${access}`, `${target.exists} ${target.needs}`)
  }
  if (closed.length === 0) return { status: 'found', kind: 'npu', device }
  return problem(
    `this user may not open ${closed.join(', ')}`,
    `Add the user to the group that owns it (ls -l ${closed[0]} names it; sudo usermod -aG GROUP $USER), then log in again.`,
  )
}

/** How milliwatt gets at an accelerator on which no backend runs by itself. */
function wayIn({ delegate }: AcceleratorTarget): string {
  if (!delegate) return 'no backend of milliwatt runs on it yet'
  return `milliwatt reaches it only through TensorFlow Lite's delegate ${delegate.libraries.join(' or ')} (${delegate.status}), which has a line of its own where it is installed`
}

/** The nodes, when none of them is open to this user; else none. */
async function closedNodes(system: SystemTree, nodes: readonly string[]): Promise<readonly string[]> {
  const open = await Promise.all(nodes.map((node) => system.isAccessible(node)))
  return open.includes(true) ? [] : nodes
}

function missingNode(target: AcceleratorTarget, traces: Traces): string {
  const wanted = [...target.detect.deviceNodes, ...target.detect.drmDrivers.map((name) => `a node of ${name}`)]
  const modules = target.detect.kernelModules
  const loaded =
    traces.loadedModules.length > 0 ? `module ${traces.loadedModules.join(', ')} is loaded but made no node` : ''
  const absent = modules.length > 0 ? `module ${modules.join(' or ')} is not loaded` : 'no driver has made its node'
  return `the driver is missing: the hardware is there (${traces.hardware.join('; ')}), ${loaded || absent}, and ${wanted.join(' or ')} does not exist`
}

function toDevice(target: AcceleratorTarget, traces: Traces): Device {
  return {
    id: `npu:${target.id}`,
    kind: 'npu',
    name: target.name,
    target: target.id,
    facts: {
      vendor: target.vendor,
      dtypes: target.dtypes.value,
      ...fact('nodes', traces.nodes.length > 0 ? traces.nodes : undefined),
      ...fact('hardware', traces.hardware.length > 0 ? traces.hardware : undefined),
      ...fact('modules', traces.loadedModules.length > 0 ? traces.loadedModules : undefined),
    },
    sources: [...traces.hardware, ...traces.nodes, `targets/accelerators/${target.id}.json`],
  }
}

async function loadedModules(system: SystemTree, names: readonly string[]): Promise<readonly string[]> {
  const loaded = await Promise.all(names.map((name) => system.exists(`/sys/module/${name.replaceAll('-', '_')}`)))
  return names.filter((_, index) => loaded[index])
}

async function glob(system: SystemTree, pattern: string): Promise<readonly string[]> {
  const at = pattern.lastIndexOf('/')
  const [folder, last] = [pattern.slice(0, at), pattern.slice(at + 1)]
  const words = last.split('*').map((word) => word.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const expression = new RegExp(`^${words.join('.*')}$`)
  return (await system.list(folder)).filter((name) => expression.test(name)).map((name) => `${folder}/${name}`)
}

function absence(host: Host, kinds: number): string {
  if (host.platform !== 'linux') {
    return `of ${kinds} kinds of accelerator none is known to be in a ${host.platform} ${host.architecture} machine; buses are read on linux only`
  }
  return `none of ${kinds} kinds of accelerator shows on PCI, USB, in the device tree, in /dev or in /sys/class/accel`
}
