import { selectBackends } from '../backends/list.ts'
import type { Variant } from '../catalogue/load.ts'
import { compileGraph } from '../compile/compile.ts'
import { hostSimd } from '../compile/host-simd.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import { nodeFacts } from '../graph/facts.ts'
import { type Graph, type Node, numberAttribute } from '../graph/graph.ts'
import { originOf, type Segment } from '../graph/segment.ts'
import { boardFit } from './board-fit.ts'
import { borderQuantization } from './border.ts'
import type { InspectedBackend, InspectedEngine, InspectedNode, InspectedTensor, Inspection } from './inspection.ts'
import { thisCpu } from './raw-engine.ts'
import { reasonOf, tryBackend } from './try-backend.ts'

/** Version of a node's operator: its own in TFLite, that of the operator set in ONNX. */
const versionOf = (graph: Graph, node: Node): number =>
  node.domain === 'tflite' ? numberAttribute(node, 'version', 1) : (graph.opsets[node.domain] ?? 0)

const nameOf = ({ domain, op }: Node): string => (domain === '' || domain === 'tflite' ? op : `${domain}:${op}`)

function inspectNodes(graph: Graph): readonly InspectedNode[] {
  return nodeFacts(graph).map(({ node, shape, macs, weightBytes }) => {
    const output = graph.tensors.get(node.outputs[0] ?? '')
    const { dtype = null, quantization = null } = output ?? {}
    const version = versionOf(graph, node)
    return {
      op: nameOf(node),
      domain: node.domain,
      version,
      name: node.name,
      shape,
      dtype,
      quantization,
      macs,
      weightBytes,
    }
  })
}

/** Operators by version with their counts, most frequent first. */
function countOps(nodes: readonly InspectedNode[]): Inspection['ops'] {
  const counts = new Map<string, { op: string; version: number; count: number }>()
  for (const { op, version } of nodes) {
    const known = counts.get(`${op} ${version}`)
    counts.set(`${op} ${version}`, { op, version, count: (known?.count ?? 0) + 1 })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
}

function inspectTensors(segment: Segment, names: readonly string[]): readonly InspectedTensor[] {
  return names.map((name) => {
    const { dtype = 'float32', shape = null, signature } = segment.graph.tensors.get(name) ?? {}
    return { name, dtype, shape, ...(signature ? { signature } : {}), quantization: borderQuantization(segment, name) }
  })
}

function inspectEngine(segment: Segment): InspectedEngine {
  const semantics = originOf(segment) === 'tflite' ? 'tflm' : 'fp32'
  try {
    const { wasm, manifest } = compileGraph(segmentIn(segment, 'canonical').graph, { semantics, simd: hostSimd() })
    const { simd, arenaBytes, arenaLowerBoundBytes, constantBytes, layers } = manifest
    const macs = layers.reduce((sum, layer) => sum + layer.macs, 0)
    return {
      ok: true,
      semantics,
      simd,
      moduleBytes: wasm.length,
      arenaBytes,
      arenaLowerBoundBytes,
      constantBytes,
      macs,
    }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) }
  }
}

async function inspectBackends(host: Host, variant: Variant): Promise<readonly InspectedBackend[]> {
  const rows: InspectedBackend[] = []
  for (const backend of selectBackends(undefined)) {
    const attempt = await tryBackend(host, backend, variant, thisCpu)
    if (!attempt.executable) {
      rows.push({ name: backend.name, ok: false, engine: null, reason: attempt.reason })
      continue
    }
    rows.push({ name: backend.name, ok: true, engine: attempt.engine, reason: null })
    await attempt.executable[Symbol.asyncDispose]()
  }
  return rows
}

/**
 * Looks into a model: reads, compiles and prepares it on every backend of this processor, but runs nothing. With the id of
 * a board it says whether the model in C fits it.
 * @throws MilliwattError TARGET_UNKNOWN; OP_UNSUPPORTED for a board and a model that cannot be C
 */
export async function inspect(host: Host, variant: Variant, board?: string): Promise<Inspection> {
  const { name, file, sha256, bytes, segment, facts } = variant
  const fit = board === undefined ? {} : { board: await boardFit(host, variant, board) }
  const nodes = inspectNodes(segment.graph)
  const compiled = inspectEngine(segment)
  const { dtype, parameters, weightBytes, macs } = facts
  return {
    version: 1,
    kind: 'milliwatt-inspect',
    name,
    file,
    sha256,
    bytes,
    format: segment.source.format,
    opsets: segment.graph.opsets,
    ops: countOps(nodes),
    inputs: inspectTensors(segment, segment.graph.inputs),
    outputs: inspectTensors(segment, segment.graph.outputs),
    nodes,
    totals: { dtype, parameters, weightBytes, macs, arenaBytes: compiled.ok ? compiled.arenaBytes : null },
    compiled,
    backends: await inspectBackends(host, variant),
    ...fit,
  }
}
