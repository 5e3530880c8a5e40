import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import { modelFacts } from '../graph/facts.ts'
import { elementCount, type Graph } from '../graph/graph.ts'
import { inferShapes } from '../graph/shapes.ts'
import type { Recipe } from '../quantize/recipe.ts'
import { toFloatGraph } from '../quantize/to-float.ts'
import { markPareto, type QuantizeReport, type QuantizeRow } from '../report/quantize-report.ts'
import type { PlanRow } from '../report/report.ts'
import type { AnswerLabels } from './judge-graph.ts'
import type { OnProgress } from './progress.ts'
import { type MadeVariant, quantizeModel, type VariantKind } from './quantize-model.ts'
import { type DataOptions, readQuantizeData } from './quantize-samples.ts'
import { type QuantizeSource, readQuantizeSource, type SourceOptions } from './quantize-source.ts'
import type { Runtime } from './runtime.ts'
import { type WrittenFormat, type WrittenVariant, writeFamily } from './write-family.ts'

/** What `milliwatt quantize` is asked for. */
export interface QuantizeJob {
  readonly host: Host
  /** Measures latency and energy of what was made. */
  readonly runtime: Runtime
  readonly milliwatt: string
  readonly model: string
  readonly source: SourceOptions
  readonly data: DataOptions
  readonly kinds: readonly VariantKind[]
  readonly maxDrop: number | null
  readonly wide: 'int16' | 'float32'
  readonly border: Recipe['border']
  readonly prune: readonly number[]
  readonly formats: readonly WrittenFormat[]
  /** Folder to write; by default the model's name and `-quantized` in the current one. */
  readonly out?: string
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

function lengthsOf(graph: Graph): readonly number[] {
  const shapes = inferShapes(graph)
  return graph.inputs.map((name) => {
    const count = elementCount(shapes.get(name) ?? null)
    if (count !== null) return count
    throw new MilliwattError('INPUT_SHAPE', name, 'Its shape is open: give its lengths with --dimensions.')
  })
}

/** What the first output stands for: the labels of a card, else classes by their index where a softmax chooses one. */
function labelsOf(graph: Graph, { card }: QuantizeSource): AnswerLabels | null {
  const [output] = graph.outputs
  const classes = elementCount(inferShapes(graph).get(output!) ?? null) ?? 0
  if (card) {
    const { labels, otherLabel, silenceLabel } = card.card
    if (labels.length === classes) return { labels, quiet: [otherLabel, silenceLabel] }
    const detail = `The card has ${labels.length} labels, the net answers ${classes}.`
    throw new MilliwattError('CARD_INVALID', card.folder, detail)
  }
  const maker = graph.nodes.find(({ outputs }) => outputs.includes(output!))
  if (maker?.op !== 'softmax' || classes < 2) return null
  return { labels: Array.from({ length: classes }, (_, index) => String(index)), quiet: [] }
}

const roundingWords = { corrected: 'biases corrected', compensated: 'rounding compensated' } as const

/** How a variant was made, in words. */
function recipeWords({ recipe, equalised, suffix, kind }: MadeVariant): string {
  if (!recipe) return 'the float model'
  const wide = [...recipe.wide.values()]
  const parts = [
    recipe.precision === 'int16' ? 'int16 activations, int8 weights' : `int8, ${recipe.weightBits}-bit weights`,
    `ranges by ${recipe.ranges}`,
    ...(equalised ? ['layers equalised'] : []),
    ...(recipe.rounding === 'nearest' ? [] : [roundingWords[recipe.rounding]]),
    ...(wide.length > 0 ? [`${wide.length} layers in ${wide[0]}`] : []),
    ...(kind === 'pruned' ? [`${/\d+/.exec(suffix)![0]} % of the channels removed`] : []),
  ]
  return parts.join(', ')
}

const baseName = (name: string) => name.replace(/[-_.]?(float32|float|fp32|f32)$/i, '')

/** The fastest usable row of a variant. */
function fastest(rows: readonly PlanRow[], variant: string): PlanRow | null {
  const own = rows.filter((row) => row.variant === variant && row.latencyS !== null)
  return own.reduce<PlanRow | null>((best, row) => (best && best.latencyS! <= row.latencyS! ? best : row), null)
}

function leftOutWords({ drop }: MadeVariant, maxDrop: number | null): string {
  return `left out: it loses ${(100 * drop!).toFixed(2)} points, ${(100 * maxDrop!).toFixed(2)} are allowed`
}

function rowOf(
  made: MadeVariant,
  name: string,
  written: WrittenVariant | null,
  plan: PlanRow | null,
  maxDrop: number | null,
): QuantizeRow {
  const facts = written?.variant.facts ?? modelFacts(made.graph)
  const { accuracy, drop, signalToNoiseDb } = made
  return {
    name: `${name}-${made.suffix}`,
    files: written?.files ?? [],
    how: recipeWords(made),
    bytes: written?.variant.bytes ?? facts.weightBytes,
    parameters: facts.parameters,
    macs: facts.macs,
    correct: accuracy?.correct ?? null,
    total: accuracy?.total ?? null,
    value: accuracy?.accuracy ?? null,
    drop: made.recipe === null ? null : drop,
    signalToNoiseDb,
    backend: plan?.backend ?? null,
    latencyS: plan?.latencyS ?? null,
    latencyP95S: plan?.latencyP95S ?? null,
    energyJ: plan?.energyJ ?? null,
    provenance: plan?.provenance ?? null,
    leftOut: made.exceeds ? leftOutWords(made, maxDrop) : null,
    pareto: false,
  }
}

/**
 * Quantises a float model: reads it and its data, makes the variants, writes those that lose no more than is allowed,
 * measures what they take here, and tells all of it.
 * @throws MilliwattError MODEL_*, QUANTIZE_INPUT, CALIBRATION_DATA, CLIP_*, CARD_INVALID, OP_UNSUPPORTED, OUTPUT_WRITE
 */
export async function quantizeJob(job: QuantizeJob): Promise<QuantizeReport> {
  const { host, runtime, model, maxDrop, onProgress, signal } = job
  const startedAt = host.clock.wallTime().toISOString()
  const source = await readQuantizeSource(host, model, job.source)
  const graph = toFloatGraph(segmentIn(source.variant.segment, 'canonical').graph, model)
  const hooks = { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) }
  const labels = labelsOf(graph, source)
  const data = await readQuantizeData({ host, card: source.card, lengths: lengthsOf(graph), ...hooks }, job.data)
  const { calibration, evaluation } = data
  const { kinds, wide, border, prune, formats } = job
  const made = await quantizeModel({
    graph,
    kinds,
    calibration,
    evaluation,
    labels,
    maxDrop,
    wide,
    border,
    prune,
    ...hooks,
  })
  const name = baseName(source.variant.name)
  const folder = host.files.resolve(job.out ?? `${name}-quantized`)
  const kept = made.variants.filter(({ exceeds }) => !exceeds)
  const recipe = `milliwatt quantize ${source.variant.name}, calibrated with ${data.calibrationSource}`
  const split = made.measure === 'accuracy' ? data.split : null
  const { catalogue, written } = await writeFamily(
    { host, folder, name, formats, card: source.card?.card ?? null, split, recipe },
    kept,
  )
  const { plan } = await runtime.plan(catalogue)
  const rows = made.variants.map((each) => {
    const own = written.find((one) => one.made === each) ?? null
    return rowOf(each, name, own, fastest(plan.candidates, `${name}-${each.suffix}`), maxDrop)
  })
  const unusable = plan.candidates.filter(({ latencyS }) => latencyS === null)
  const refused = unusable.map(({ variant, backend, reason }) => `${variant} on ${backend}: ${reason}`)
  return {
    version: 1,
    kind: 'milliwatt-quantize',
    milliwatt: job.milliwatt,
    startedAt,
    model: source.variant.name,
    machine: { name: runtime.probe.machine, runtime: host.runtime },
    folder,
    calibration: { source: data.calibrationSource, samples: made.calibrationSamples, judging: made.judgingSamples },
    measure: made.measure,
    evaluation: data.evaluationSource === null ? null : { source: data.evaluationSource, samples: evaluation.length },
    maxDrop,
    rows: markPareto(rows, made.measure),
    layers: made.layers.map(({ op, output, aloneDb }) => ({ op, output, aloneDb })),
    notes: [...data.notes, ...refused],
  }
}
