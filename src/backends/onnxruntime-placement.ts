import type { Host } from '../core/host.ts'
import type { Graph } from '../graph/graph.ts'
import type { OrtProvider } from './onnxruntime-providers.ts'
import { type PlacedNode, type Placement, processor } from './placement.ts'

/** One event of a profile that onnxruntime writes; nodes are of the category `Node`. */
interface ProfileEvent {
  readonly cat?: string
  readonly name?: string
  readonly args?: { readonly op_name?: string; readonly provider?: string }
}

const ending = '_kernel_time'

/** Nodes that onnxruntime puts between others: copies between memories, and between layouts of the processor's own. */
export const copyOps: ReadonlySet<string> = new Set(['MemcpyToHost', 'MemcpyFromHost', 'ReorderInput', 'ReorderOutput'])

/** The model's own name of a node: onnxruntime appends to it when it lays a node out anew. */
export function ownName(ran: string, names: readonly string[]): string {
  const fitting = names.filter((name) => name !== '' && (ran === name || ran.startsWith(`${name}_`)))
  return fitting.reduce((longest, name) => (name.length > longest.length ? name : longest), '') || ran
}

/** Reads where every node ran out of a profile's text. Copies are counted apart. */
export function readPlacement(text: string, graph: Graph, provider: OrtProvider): Placement {
  const names = graph.nodes.map(({ name }) => name)
  const seen = new Map<string, PlacedNode>()
  let copies = 0
  for (const { cat, name = '', args } of JSON.parse(text) as readonly ProfileEvent[]) {
    if (cat !== 'Node' || !name.endsWith(ending)) continue
    const op = args?.op_name ?? ''
    if (copyOps.has(op)) copies += 1
    else {
      const ran = name.slice(0, -ending.length)
      const at = args?.provider === 'CPUExecutionProvider' ? processor : provider.name
      seen.set(ran, { name: ownName(ran, names), op, at })
    }
  }
  return { accelerator: provider.name, nodes: [...seen.values()], copies }
}

/** Where a session may write its profile: onnxruntime appends a time to the path and tells nobody. */
export interface ProfilePlace {
  readonly prefix: string
  /** The profile's text, once the session has ended it; its file is removed. Null when there is none. */
  take(): Promise<string | null>
}

/** Makes a place in the cache for one profile. */
export async function profilePlace({ files, cacheFolder }: Host): Promise<ProfilePlace> {
  const folder = files.join(cacheFolder, 'onnxruntime')
  const own = `profile-${Math.random().toString(36).slice(2)}`
  const marker = files.join(folder, `${own}.begun`)
  await files.write(marker, '')
  return {
    prefix: files.join(folder, own),
    take: async () => {
      const name = (await files.list(folder)).find((each) => each.startsWith(`${own}_`))
      const text = name === undefined ? null : await files.readText(files.join(folder, name))
      for (const path of [marker, ...(name === undefined ? [] : [files.join(folder, name)])]) await files.remove(path)
      return text
    },
  }
}
