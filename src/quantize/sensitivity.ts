import type { Graph, Node } from '../graph/graph.ts'
import type { Answers } from './output-error.ts'
import { precisionOf } from './quantize-graph.ts'
import type { Recipe } from './recipe.ts'
import { ruleOf } from './rules.ts'
import { type Prepared, type Search, tryRecipe } from './search.ts'

/** How much of the error of a quantised model one layer makes. */
export interface LayerSensitivity {
  /** Name of the node in the graph, and of what it makes. */
  readonly node: string
  readonly op: string
  readonly output: string
  /** Signal-to-noise ratio of the model's answers when this layer alone computes in integers, dB. */
  readonly aloneDb: number
}

/** Layers with weights of a graph that a recipe computes in integers. */
function integerLayers(graph: Graph, recipe: Recipe): readonly Node[] {
  return graph.nodes.filter((node) => ruleOf(node)?.weights && precisionOf(graph, node, recipe) !== 'float32')
}

/** Nodes of a graph all in float32 but one. */
function onlyOne(graph: Graph, one: Node): Recipe['wide'] {
  return new Map(graph.nodes.filter((node) => node !== one).map((node) => [node.name, 'float32' as const]))
}

/** Measures every layer with weights alone, the most sensitive first. */
export async function layerSensitivities(
  search: Search,
  wanted: Answers,
  prepared: Prepared,
  recipe: Recipe,
): Promise<readonly LayerSensitivity[]> {
  const { graph } = prepared
  const rows: LayerSensitivity[] = []
  for (const node of integerLayers(graph, recipe)) {
    const alone = { ...recipe, border: 'float32' as const, wide: onlyOne(graph, node) }
    const { signalToNoiseDb } = await tryRecipe(search, wanted, prepared, alone)
    rows.push({ node: node.name, op: node.op, output: node.outputs[0]!, aloneDb: signalToNoiseDb })
  }
  return rows.sort((a, b) => a.aloneDb - b.aloneDb)
}

/**
 * Names of nodes together with those without weights that follow them: what a wide layer makes would be rounded to int8
 * before a pool or a softmax otherwise.
 */
export function withFollowers(graph: Graph, names: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set(names)
  const made = new Set<string>()
  for (const node of graph.nodes) {
    if (!ruleOf(node)?.weights && node.inputs.some((name) => made.has(name))) all.add(node.name)
    if (all.has(node.name)) for (const output of node.outputs) made.add(output)
  }
  return all
}
