import type { Host } from '../core/host.ts'
import type { HostMatch, Targets } from '../targets/target.ts'
import { deviceTreeRoot, readCompatible } from './device-tree.ts'
import { fact } from './read.ts'

/** Which machine milliwatt runs on. */
export interface Machine {
  /** What the firmware calls it; the platform's name when it says nothing. */
  readonly name: string
  /** Id of the file in `targets/boards`, when one describes it. */
  readonly board?: string
  /** Id of the file in `targets/chips`, when one describes it. */
  readonly chip?: string
  /** Kind of virtual machine, when it shows one. Power figures of a target never hold inside one. */
  readonly virtual?: string
  /** Why no board target describes it. */
  readonly reason?: string
  readonly sources: readonly string[]
}

const dmi = '/sys/class/dmi/id'

/** Words in the DMI vendor and product that give a virtual machine away. */
const hypervisors: readonly (readonly [RegExp, string])[] = [
  [/firecracker/i, 'Firecracker'],
  [/qemu|kvm|bochs/i, 'QEMU/KVM'],
  [/vmware/i, 'VMware'],
  [/virtualbox|innotek/i, 'VirtualBox'],
  [/microsoft corporation.*virtual machine/i, 'Hyper-V'],
  [/xen/i, 'Xen'],
  [/amazon ec2/i, 'Amazon EC2'],
  [/google compute engine/i, 'Google Compute Engine'],
  [/parallels/i, 'Parallels'],
]

/** Tells which board and chip this machine is: by its device tree, else by its DMI table. Never throws. */
export async function identifyMachine(host: Host, targets: Targets): Promise<Machine> {
  const root = await deviceTreeRoot(host.system)
  const virtual = await virtualMachine(host)
  const about = root === null ? await dmiMachine(host) : await deviceTreeMachine(host, root, targets)
  return { ...about, ...fact('virtual', virtual) }
}

async function deviceTreeMachine(host: Host, root: string, targets: Targets): Promise<Machine> {
  const compatible = await readCompatible(host.system, root)
  const board = firstMatch(targets.boards.values(), compatible)
  const chip = board ? targets.chips.get(board.chip) : firstMatch(targets.chips.values(), compatible)
  const name = (await host.system.readText(`${root}/model`)) || board?.name || compatible[0] || host.platform
  return {
    name,
    ...fact('board', board?.id),
    ...fact('chip', chip?.id),
    ...(board ? {} : { reason: `no file in targets/boards matches ${compatible.join(', ') || 'its device tree'}` }),
    sources: [`${root}/compatible`, `${root}/model`],
  }
}

async function dmiMachine(host: Host): Promise<Machine> {
  const [vendor, product] = await Promise.all([
    host.system.readText(`${dmi}/sys_vendor`),
    host.system.readText(`${dmi}/product_name`),
  ])
  const name = [vendor, product].filter((part) => part).join(' ')
  const reason = 'it has no device tree, and no file in targets/boards describes it'
  if (name === '') return { name: `${host.platform} ${host.architecture}`, reason, sources: [] }
  return { name, reason, sources: [`${dmi}/sys_vendor`, `${dmi}/product_name`] }
}

async function virtualMachine(host: Host): Promise<string | undefined> {
  const texts = await Promise.all(
    [`${dmi}/sys_vendor`, `${dmi}/product_name`, '/sys/hypervisor/type'].map((path) => host.system.readText(path)),
  )
  const words = texts.join(' ')
  const known = hypervisors.find(([pattern]) => pattern.test(words))
  if (known) return known[1]
  const flags = /^flags\s*:.*\bhypervisor\b/m.test((await host.system.readText('/proc/cpuinfo')) ?? '')
  return flags ? 'unknown hypervisor' : undefined
}

function firstMatch<T extends { readonly match?: HostMatch }>(
  candidates: Iterable<T>,
  compatible: readonly string[],
): T | undefined {
  const all = [...candidates]
  for (const text of compatible) {
    const found = all.find((candidate) => candidate.match?.deviceTreeCompatible.includes(text))
    if (found) return found
  }
  return undefined
}
