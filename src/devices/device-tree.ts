import type { SystemTree } from '../core/host.ts'

/** A node of the flattened device tree that has a `compatible` property and is not disabled. */
export interface DeviceTreeNode {
  readonly path: string
  readonly compatible: readonly string[]
}

const roots = ['/proc/device-tree', '/sys/firmware/devicetree/base']

/** Buses and folders of buses: nodes without an address that have nodes with one below them. */
const containers = new Set(['soc', 'axi', 'bus', 'firmware', 'glink-edge', 'fastrpc'])
const maximumDepth = 6
const maximumNodes = 5000

/** Folder of the device tree, or null on a machine without one (most PCs). */
export async function deviceTreeRoot(system: SystemTree): Promise<string | null> {
  for (const root of roots) {
    if ((await system.readText(`${root}/compatible`)) !== null) return root
  }
  return null
}

/** Strings of a `compatible` property, most specific first. */
export async function readCompatible(system: SystemTree, folder: string): Promise<readonly string[]> {
  const text = await system.readText(`${folder}/compatible`)
  return text ? text.split('\0').filter((part) => part !== '') : []
}

/** All enabled nodes with an address, to a depth of six; the root comes first. */
export async function readDeviceTree(system: SystemTree): Promise<readonly DeviceTreeNode[]> {
  const root = await deviceTreeRoot(system)
  if (root === null) return []
  const nodes: DeviceTreeNode[] = []
  let level = [root]
  for (let depth = 0; depth <= maximumDepth && level.length > 0 && nodes.length < maximumNodes; depth++) {
    const read = await Promise.all(level.map((path) => readNode(system, path)))
    nodes.push(...read.filter((node) => node.enabled && node.compatible.length > 0))
    level = read.flatMap((node) => (node.enabled ? node.children : [])).slice(0, maximumNodes)
  }
  return nodes.map(({ path, compatible }) => ({ path, compatible }))
}

async function readNode(system: SystemTree, path: string) {
  const names = await system.list(path)
  const status = names.includes('status') ? await system.readText(`${path}/status`) : null
  return {
    path,
    compatible: await readCompatible(system, path),
    enabled: status === null || status === 'okay' || status === 'ok',
    children: names.filter((name) => name.includes('@') || containers.has(name)).map((name) => `${path}/${name}`),
  }
}
