import type { Graph } from '../graph/graph.ts'
import type { Evaluate } from './observe.ts'

/**
 * The tensors by which two forms of a graph are compared: its float outputs, or what goes into a softmax that makes one,
 * since scores that are 0 or 1 show no error.
 */
export function judgedTensors(graph: Graph): readonly string[] {
  return graph.outputs.map((name) => {
    const maker = graph.nodes.find(({ outputs }) => outputs.includes(name))
    return maker && ['softmax', 'logistic'].includes(maker.op) ? maker.inputs[0]! : name
  })
}

/** Reals of the judged tensors, one array a sample. */
export type Answers = readonly (readonly Float32Array[])[]

/** What a graph answers to samples. */
export function answersOf(
  evaluate: Evaluate,
  names: readonly string[],
  samples: readonly (readonly Float32Array[])[],
): Answers {
  return samples.map((sample) => {
    const values = evaluate(sample)
    return names.map((name) => values.get(name)!.slice())
  })
}

/**
 * Signal-to-quantisation-noise ratio of answers in dB: 10·log₁₀(Σ a² / Σ (a − b)²), a being the float answers. Infinite
 * where they are equal.
 */
export function signalToNoiseDb(wanted: Answers, got: Answers): number {
  let [signal, noise] = [0, 0]
  for (const [sample, outputs] of wanted.entries()) {
    for (const [at, values] of outputs.entries()) {
      const other = got[sample]![at]!
      for (let index = 0; index < values.length; index++) {
        signal += values[index]! ** 2
        noise += (values[index]! - other[index]!) ** 2
      }
    }
  }
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise)
}
