import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { readModel } from '../formats/list.ts'
import type { Node } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import { type Address, type Koffi, loadKoffi } from './koffi.ts'
import { type Placement, processor } from './placement.ts'
import type { Delegate } from './tflite-c-model.ts'
import { watchDelegate } from './tflite-watch.ts'

/** A delegate library and what it is told. */
export interface DelegateChoice {
  /** Path of the library, or its name for the system's own search. */
  readonly library: string
  readonly options: Readonly<Record<string, string>>
}

/** A delegate of a library that TensorFlow Lite did not bring, and where it says what it did. */
export interface ExternalDelegate extends Delegate {
  /** Where the nodes of a model run that was opened with it; null where it does not let itself be watched. */
  placement(segment: Segment): Placement | null
}

/**
 * The two functions of every external delegate (tensorflow/lite/delegates/external): keys and values of its options, and
 * a function that takes messages.
 */
const declarations = {
  create: 'void *tflite_plugin_create_delegate(const char **keys, const char **values, size_t count, void *report)',
  destroy: 'void tflite_plugin_destroy_delegate(void *delegate)',
} as const

function loadPlugin(koffi: Koffi, path: string) {
  try {
    const library = koffi.load(path)
    return { create: library.func(declarations.create), destroy: library.func(declarations.destroy) }
  } catch (error) {
    throw new MilliwattError('BACKEND_UNAVAILABLE', path, `The delegate cannot be loaded: ${messageOf(error)}.`, error)
  }
}

type Plugin = ReturnType<typeof loadPlugin>

/** Makes the delegate; what its library says meanwhile stands in the error. It may keep the function that it says it to. */
function create(koffi: Koffi, { library, options }: DelegateChoice, plugin: Plugin) {
  const said: string[] = []
  const report = koffi.register(
    (message: Address) => void said.push(koffi.decode.string(message).trim()),
    koffi.pointer(koffi.proto('void', ['void *'])),
  )
  const [keys, values] = [Object.keys(options), Object.values(options)]
  const at: Address = plugin.create(keys, values, keys.length, report)
  if (at !== null) return { at, report }
  koffi.unregister(report)
  const words = said.length > 0 ? `: ${said.join(' ')}` : ''
  throw new MilliwattError('BACKEND_FAILED', library, `It makes no delegate${words}.`)
}

/**
 * The nodes that the file of a segment holds, by the names that the segment has for them: a written file has nodes more
 * where an operator of TensorFlow Lite cannot pad as the graph does. Null where the interpreter counts others.
 */
function nodesOfFile({ graph, source }: Segment, nodeCount: number): readonly Node[] | null {
  if (graph.nodes.length === nodeCount) return graph.nodes
  const { nodes } = readModel(source.bytes, graph.name).graph
  if (nodes.length !== nodeCount) return null
  return nodes.map((node) => graph.nodes.find(({ outputs }) => outputs[0] === node.outputs[0]) ?? node)
}

/**
 * Opens a delegate library.
 * @throws MilliwattError BACKEND_UNAVAILABLE without the library, BACKEND_FAILED with what it said
 */
export async function openDelegate(host: Host, choice: DelegateChoice): Promise<ExternalDelegate> {
  const koffi = await loadKoffi(host)
  if (!koffi) throw new MilliwattError('PACKAGE_MISSING', choice.library, 'npm install koffi')
  const plugin = loadPlugin(koffi, choice.library)
  const { at, report } = create(koffi, choice, plugin)
  const watch = watchDelegate(koffi, at)
  const accelerator = host.files.basename(choice.library)
  return {
    at,
    free: () => {
      plugin.destroy(at)
      watch.end()
      koffi.unregister(report)
    },
    placement: (segment) => {
      const result = watch.result()
      const nodes = nodesOfFile(segment, result?.nodeCount ?? 0)
      if (!result || !nodes) return null
      const place = (index: number) => (result.taken.has(index) ? accelerator : processor)
      return { accelerator, nodes: nodes.map(({ name, op }, index) => ({ name, op, at: place(index) })) }
    },
  }
}
