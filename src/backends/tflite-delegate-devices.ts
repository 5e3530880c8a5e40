import type { Device, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import type { AcceleratorTarget, Targets } from '../targets/target.ts'
import { describePlacement } from './placement.ts'
import type { DelegateChoice } from './tflite-delegate.ts'
import { tryApart } from './trial.ts'
import { trialInputs, trialModel } from './trial-model.ts'

/** Environment variable that names delegates of the user's own: `PATH?KEY=VALUE&KEY=VALUE`, several with `;` between. */
export const delegatesVariable = 'MILLIWATT_TFLITE_DELEGATES'

interface NamedDelegate {
  readonly library: string
  /** Each as `key=value`. */
  readonly options: readonly string[]
  readonly target?: AcceleratorTarget
}

const namedByUser = (host: Host): readonly NamedDelegate[] =>
  (host.environment[delegatesVariable] ?? '').split(';').flatMap((text) => {
    const [path, query] = text.trim().split('?', 2)
    if (!path) return []
    return [
      { library: host.files.resolve(path), options: [...new URLSearchParams(query)].map((pair) => pair.join('=')) },
    ]
  })

/** Folders of libraries by architecture, as Debian and vendors' systems have them; the system's own search has more. */
function libraryFolders({ architecture, environment }: Host): readonly string[] {
  const triplets: Readonly<Record<string, string>> = {
    x64: 'x86_64-linux-gnu',
    arm64: 'aarch64-linux-gnu',
    arm: 'arm-linux-gnueabihf',
    riscv64: 'riscv64-linux-gnu',
  }
  const own = (environment.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '')
  const triplet = triplets[architecture]
  return [
    ...own,
    '/usr/local/lib',
    ...(triplet ? [`/usr/lib/${triplet}`, `/lib/${triplet}`] : []),
    '/usr/lib64',
    '/usr/lib',
  ]
}

/** The delegates that the targets name and whose library is here. */
async function knownHere(host: Host, targets: Targets): Promise<readonly NamedDelegate[]> {
  const folders = libraryFolders(host)
  const found: NamedDelegate[] = []
  for (const target of targets.accelerators.values()) {
    const { libraries = [], options = [] } = target.delegate ?? {}
    const paths = libraries.flatMap((name) => folders.map((folder) => host.files.join(folder, name)))
    for (const path of paths) {
      if (!(await host.files.stat(path))) continue
      found.push({ library: path, options, target })
      break
    }
  }
  return found
}

function toDevice(host: Host, { library, options, target }: NamedDelegate, took: string | null): Device {
  const name = host.files.basename(library)
  return {
    id: `tflite-c:${target?.id ?? [name, ...options].join(' ')}`,
    kind: 'npu',
    name: target ? `${target.name} through ${name}` : name,
    ...(target ? { target: target.id } : {}),
    facts: {
      delegate: library,
      options,
      ...(target?.delegate ? { proof: target.delegate.status } : {}),
      ...(took === null ? {} : { trial: took }),
    },
    sources: [target ? `targets/accelerators/${target.id}.json` : delegatesVariable],
  }
}

/** The delegate library and its options in a device that this file made; null for other devices. */
export function delegateOf({ facts: { delegate, options } }: Device): DelegateChoice | null {
  if (typeof delegate !== 'string' || !Array.isArray(options)) return null
  const pairs = (options as readonly string[]).map((text) => {
    const at = text.indexOf('=')
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  return { library: delegate, options: Object.fromEntries(pairs) }
}

async function judge(host: Host, named: NamedDelegate): Promise<Finding> {
  const device = toDevice(host, named, null)
  const request = { backend: 'tflite-c', device, segment: trialModel('int8'), inputs: trialInputs('int8') }
  const answer = await tryApart(host, { ...request, options: { fallback: 'report' } })
  if (answer.ok) {
    const took = answer.placement ? describePlacement(answer.placement) : 'ran'
    return { status: 'found', kind: 'npu', device: toDevice(host, named, took) }
  }
  // A delegate that wants models made for it has nothing to take here; that it could be made must do.
  const compiledOnly = named.target?.delegate?.takes === 'models compiled for it'
  if (compiledOnly && answer.code === 'FALLBACK_REFUSED')
    return {
      status: 'found',
      kind: 'npu',
      device: toDevice(host, named, 'it was opened; it takes only models compiled for it'),
    }
  const next = named.target?.needs ?? `Look at the delegate's own requirements, or take it out of ${delegatesVariable}.`
  return { status: 'unusable', kind: 'npu', device, reason: `the delegate failed its trial: ${answer.reason}`, next }
}

/**
 * The external delegates that the user names or that `targets/accelerators` knows and whose library is here, each tried
 * on a small model in a process of its own.
 */
export async function delegateDevices(host: Host, targets: Targets): Promise<readonly Finding[]> {
  const all = [...namedByUser(host), ...(await knownHere(host, targets))]
  return Promise.all(all.map((named) => judge(host, named)))
}
