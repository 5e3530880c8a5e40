import type { Graph } from '../graph/graph.ts'
import { equaliseGraph } from '../quantize/equalise.ts'
import { observe, type Samples } from '../quantize/observe.ts'
import { type Answers, answersOf, judgedTensors } from '../quantize/output-error.ts'
import { pruneChannels } from '../quantize/prune.ts'
import { plainRecipe, type Recipe, roundingMethods } from '../quantize/recipe.ts'
import {
  type Prepared,
  prepare,
  type Quantized,
  type Search,
  searchRecipe,
  searchSize,
  tryRecipe,
} from '../quantize/search.ts'
import { type LayerSensitivity, layerSensitivities, withFollowers } from '../quantize/sensitivity.ts'
import type { AccuracyReport } from '../report/report.ts'
import { evaluateGraph } from './evaluate-graph.ts'
import { type AnswerLabels, judgeGraph, labelledBy } from './judge-graph.ts'
import { type LabelledSample, someOf } from './labelled-samples.ts'
import type { OnProgress } from './progress.ts'

/** Kinds of variants that are made. */
export type VariantKind = 'float32' | 'int8' | 'mixed' | 'int16' | 'int4' | 'pruned'

/** Every kind, in the order in which they are made. */
export const variantKinds: readonly VariantKind[] = ['float32', 'int8', 'mixed', 'int16', 'int4', 'pruned']

/** What is to be made of a float graph. */
export interface QuantizeRequest {
  /** Canonical, with float weights. */
  readonly graph: Graph
  readonly kinds: readonly VariantKind[]
  readonly calibration: readonly LabelledSample[]
  /** Samples that variants are judged on; empty where there are none. */
  readonly evaluation: readonly LabelledSample[]
  /** What outputs stand for; null where the first output is no choice among labels. */
  readonly labels: AnswerLabels | null
  /** Most points of accuracy (0..1) that a variant may lose; layers become wider until int8 loses no more. */
  readonly maxDrop: number | null
  /** What sensitive layers compute in. */
  readonly wide: 'int16' | 'float32'
  readonly border: Recipe['border']
  /** Shares of the channels that are removed. */
  readonly prune: readonly number[]
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/** A variant that was made, and how it compares with the float model. */
export interface MadeVariant {
  readonly kind: VariantKind
  /** Beginning of its name after the model's: `int8`, `pruned25-int8`. */
  readonly suffix: string
  readonly graph: Graph
  /** How it was made; null for the float model itself. */
  readonly recipe: Recipe | null
  readonly equalised: boolean
  /** Answers against those of the float model; null for itself. */
  readonly signalToNoiseDb: number | null
  readonly accuracy: AccuracyReport | null
  /** Accuracy of the float model minus its own, 0..1. */
  readonly drop: number | null
  /** It loses more than was allowed. */
  readonly exceeds: boolean
}

/** All that was made of a model. */
export interface QuantizedFamily {
  /** `accuracy` counts known labels; `agreement` what the float model answers; null where there is no choice to count. */
  readonly measure: 'accuracy' | 'agreement' | null
  readonly variants: readonly MadeVariant[]
  /** Layers alone in int8, the most sensitive first. */
  readonly layers: readonly LayerSensitivity[]
  readonly calibrationSamples: number
  readonly judgingSamples: number
}

/** Samples that recipes are compared on: every fourth, at most so many. */
const mostJudging = 64

const inputsOf = (samples: readonly LabelledSample[]): Samples => samples.map(({ inputs }) => inputs)

/** Ranges are taken from three samples of four, recipes compared on the fourth; few samples serve for both. */
function split(samples: readonly LabelledSample[]): Pick<Search, 'calibration' | 'judging'> {
  const fourth = samples.filter((_, index) => index % 4 === 3)
  if (fourth.length < 4) return { calibration: inputsOf(samples), judging: inputsOf(samples) }
  const rest = samples.filter((_, index) => index % 4 !== 3)
  return { calibration: inputsOf(rest), judging: inputsOf(someOf(fourth, mostJudging)) }
}

/** Makes variants of one float graph. */
class Maker {
  readonly #request: QuantizeRequest
  readonly #search: Search
  readonly #reference: Answers
  readonly #judged: readonly LabelledSample[]
  readonly #total: number
  #done = 0
  #prepared: readonly Prepared[] | null = null
  #int8: Quantized | null = null
  #floatAccuracy: AccuracyReport | null = null
  readonly measure: QuantizedFamily['measure']

  constructor(request: QuantizeRequest) {
    const { graph, labels, evaluation, kinds, prune } = request
    this.#request = request
    this.#search = { open: evaluateGraph, ...split(request.calibration), onTried: () => this.#step() }
    const { judging } = this.#search
    const names = judgedTensors(graph)
    this.#reference = answersOf(evaluateGraph(graph, names), names, judging)
    const known = evaluation.some(({ expected }) => expected !== undefined)
    this.measure = !labels || evaluation.length === 0 ? null : known ? 'accuracy' : 'agreement'
    const [output] = graph.outputs
    this.#judged =
      this.measure === 'agreement'
        ? labelledBy(evaluateGraph(graph, [output!]), output!, evaluation, labels!)
        : evaluation
    const searches = kinds.filter((kind) => kind === 'int8' || kind === 'int4').length
    this.#total = searches * searchSize + graph.nodes.length + 2 * (kinds.length + prune.length)
  }

  /** Tells progress and lets other things happen, so that Ctrl-C is heard. */
  async #step(): Promise<void> {
    this.#done += 1
    this.#request.onProgress?.({ stage: 'quantize', done: Math.min(this.#done, this.#total), total: this.#total })
    await new Promise((resolve) => setImmediate(resolve))
    this.#request.signal?.throwIfAborted()
  }

  #preparedForms(): readonly Prepared[] {
    this.#prepared ??= prepare(this.#search, this.#request.graph)
    return this.#prepared
  }

  #recipe(changes: Partial<Recipe> = {}): Recipe {
    return { ...plainRecipe, border: this.#request.border, ...changes }
  }

  #accuracy(graph: Graph): AccuracyReport | null {
    const { labels } = this.#request
    const [output] = graph.outputs
    return labels && this.measure ? judgeGraph(evaluateGraph(graph, [output!]), output!, this.#judged, labels) : null
  }

  async #made(kind: VariantKind, suffix: string, { graph, prepared, recipe, signalToNoiseDb }: Quantized) {
    return this.#judge({ kind, suffix, graph, recipe, equalised: prepared.equalised, signalToNoiseDb })
  }

  async #judge(made: Omit<MadeVariant, 'accuracy' | 'drop' | 'exceeds'>): Promise<MadeVariant> {
    const accuracy = this.#accuracy(made.graph)
    await this.#step()
    const drop = accuracy && this.#floatAccuracy ? this.#floatAccuracy.accuracy - accuracy.accuracy : null
    const { maxDrop } = this.#request
    const exceeds = made.recipe !== null && maxDrop !== null && drop !== null && drop > maxDrop + 1e-9
    return { ...made, accuracy, drop, exceeds }
  }

  async float32(): Promise<MadeVariant> {
    const { graph } = this.#request
    this.#floatAccuracy = this.#accuracy(graph)
    const plain = { kind: 'float32' as const, suffix: 'float32', graph, recipe: null, equalised: false }
    return this.#judge({ ...plain, signalToNoiseDb: null })
  }

  /** The best form in int8; found once. */
  async best(): Promise<Quantized> {
    this.#int8 ??= await searchRecipe(this.#search, this.#preparedForms(), this.#recipe(), this.#reference)
    return this.#int8
  }

  async int8(): Promise<MadeVariant> {
    return this.#made('int8', 'int8', await this.best())
  }

  async int4(): Promise<MadeVariant> {
    const like = this.#recipe({ weightBits: 4 })
    return this.#made('int4', 'int4', await searchRecipe(this.#search, this.#preparedForms(), like, this.#reference))
  }

  /**
   * int16 activations have steps so fine that the whole range costs nothing. Inputs stay floats: TensorFlow Lite before 2.11
   * does not bring int8 to int16.
   */
  async int16(): Promise<MadeVariant> {
    const prepared = this.#preparedForms()[0]!
    let best: Quantized | null = null
    for (const rounding of roundingMethods) {
      const recipe = this.#recipe({ precision: 'int16', border: 'float32', rounding })
      const tried = await tryRecipe(this.#search, this.#reference, prepared, recipe)
      if (!best || tried.signalToNoiseDb > best.signalToNoiseDb) best = tried
    }
    return this.#made('int16', 'int16x8', best!)
  }

  async layers(): Promise<readonly LayerSensitivity[]> {
    const { prepared, recipe } = await this.best()
    return layerSensitivities(this.#search, this.#reference, prepared, recipe)
  }

  /** Makes the most sensitive layers wider, one more at a time, until the model loses no more than it may. */
  async mixed(layers: readonly LayerSensitivity[]): Promise<MadeVariant | null> {
    const { wide } = this.#request
    const { prepared, recipe } = await this.best()
    let made: MadeVariant | null = null
    for (let count = 1; count <= layers.length; count++) {
      const names = withFollowers(prepared.graph, new Set(layers.slice(0, count).map(({ node }) => node)))
      const widened = { ...recipe, wide: new Map([...names].map((node) => [node, wide] as const)) }
      const tried = await tryRecipe(this.#search, this.#reference, prepared, widened)
      made = await this.#made('mixed', `mixed-${wide}`, tried)
      if (!made.exceeds) return made
    }
    return made
  }

  /** A share of the channels removed from the float graph, and the rest in int8 by the recipe that was best. */
  async pruned(share: number): Promise<MadeVariant> {
    const { graph } = this.#request
    const { recipe, prepared } = await this.best()
    const { calibration } = this.#search
    const narrow = pruneChannels(graph, share, calibration, evaluateGraph)
    const form = prepared.equalised ? equaliseGraph(narrow) : narrow
    const observed = observe(form, calibration, evaluateGraph)
    const again = { graph: form, equalised: prepared.equalised, observed }
    const tried = await tryRecipe(this.#search, this.#reference, again, recipe)
    return this.#made('pruned', `pruned${Math.round(100 * share)}-int8`, tried)
  }

  get counts(): Pick<QuantizedFamily, 'calibrationSamples' | 'judgingSamples'> {
    const { calibration, judging } = this.#search
    return { calibrationSamples: calibration.length, judgingSamples: judging.length }
  }
}

/**
 * Makes the variants of a float model that are asked for and measures how they answer. The ways to take ranges are chosen
 * by the error of the answers on calibration samples; accuracy is only counted, never chosen by, but for how many layers
 * of `mixed` are wide.
 * @throws MilliwattError MODEL_ILLEGAL, OP_UNSUPPORTED; the signal's reason when it aborts
 */
export async function quantizeModel(request: QuantizeRequest): Promise<QuantizedFamily> {
  const { kinds, prune } = request
  const maker = new Maker(request)
  const variants: MadeVariant[] = [await maker.float32()]
  const wants = (kind: VariantKind) => kinds.includes(kind)
  const needsInt8 = wants('int8') || wants('mixed') || wants('pruned')
  const int8 = needsInt8 ? await maker.int8() : null
  if (int8 && wants('int8')) variants.push(int8)
  const layers = int8 ? await maker.layers() : []
  // Nothing needs to be wider where int8 loses no more than it may.
  if (wants('mixed') && int8?.exceeds) {
    const mixed = await maker.mixed(layers)
    if (mixed) variants.push(mixed)
  }
  if (wants('int16')) variants.push(await maker.int16())
  if (wants('int4')) variants.push(await maker.int4())
  if (wants('pruned')) for (const share of prune) variants.push(await maker.pruned(share))
  return { measure: maker.measure, variants, layers, ...maker.counts }
}
