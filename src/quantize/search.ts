import type { Graph } from '../graph/graph.ts'
import { equaliseGraph } from './equalise.ts'
import { type Observation, type OpenGraph, observe, type Samples } from './observe.ts'
import { type Answers, answersOf, judgedTensors, signalToNoiseDb } from './output-error.ts'
import { quantizeGraph } from './quantize-graph.ts'
import { type Recipe, rangeMethods, roundingMethods } from './recipe.ts'

/** A float graph with what calibration saw of it; `equalised` says whether its layers were scaled before. */
export interface Prepared {
  readonly graph: Graph
  readonly equalised: boolean
  readonly observed: Observation
}

/** A quantised graph, how it was made, and how near its answers are to the float model's on samples it was not made from. */
export interface Quantized {
  readonly graph: Graph
  readonly prepared: Prepared
  readonly recipe: Recipe
  readonly signalToNoiseDb: number
}

/** What a search works with. */
export interface Search {
  readonly open: OpenGraph
  /** Samples that ranges are taken from. */
  readonly calibration: Samples
  /** Samples that recipes are compared on; others than those, where there are enough. */
  readonly judging: Samples
  /** Waited for after every graph that was tried; throws to stop. */
  readonly onTried?: () => Promise<void>
}

/** A float graph as it is and with its layers equalised, both observed. */
export function prepare(
  { open, calibration }: Pick<Search, 'open' | 'calibration'>,
  graph: Graph,
): readonly Prepared[] {
  return [graph, equaliseGraph(graph)].map((each, index) => {
    return { graph: each, equalised: index === 1, observed: observe(each, calibration, open) }
  })
}

/** Quantises by one recipe and compares with what the float model answers. */
export async function tryRecipe(
  { open, judging, onTried }: Search,
  wanted: Answers,
  prepared: Prepared,
  recipe: Recipe,
): Promise<Quantized> {
  const graph = quantizeGraph(prepared.graph, prepared.observed, recipe)
  const names = judgedTensors(prepared.graph)
  const result = signalToNoiseDb(wanted, answersOf(open(graph, names), names, judging))
  await onTried?.()
  return { graph, prepared, recipe, signalToNoiseDb: result }
}

/** Recipes that differ in how ranges are taken and weights rounded. */
function recipesLike(recipe: Recipe): readonly Recipe[] {
  return rangeMethods.flatMap((ranges) => roundingMethods.map((rounding): Recipe => ({ ...recipe, ranges, rounding })))
}

/** Graphs that `searchRecipe` tries. */
export const searchSize: number = 2 * rangeMethods.length * roundingMethods.length

/**
 * Tries every range method, and way to round, with and without equalised layers, and gives the one whose answers are
 * nearest to the float model's; of equals the simplest.
 * @param reference the float answers; those of the graph before it was pruned, say
 */
export async function searchRecipe(
  search: Search,
  prepared: readonly Prepared[],
  like: Recipe,
  reference: Answers,
): Promise<Quantized> {
  const tried: Quantized[] = []
  for (const each of prepared)
    for (const recipe of recipesLike(like)) tried.push(await tryRecipe(search, reference, each, recipe))
  return tried.reduce((best, next) => (next.signalToNoiseDb > best.signalToNoiseDb ? next : best))
}
