/** A benchmark of MLPerf Tiny as both ends of the link see it. */
export interface Benchmark {
  /** What `m-model` says. */
  readonly model: string
  /** Bytes that the host loads for one inference. */
  readonly inputBytes: number
  /** Values in `m-results`. */
  readonly outputs: number
  /** What the closed division asks for on the full set; `share` of 1. */
  readonly quality: { readonly metric: 'top-1' | 'auc'; readonly share: number }
}

/** The benchmarks that load their inputs by `db` (rules of MLPerf Tiny 1.2; the streaming one hears audio instead). */
const benchmarks: readonly Benchmark[] = [
  { model: 'kws01', inputBytes: 490, outputs: 12, quality: { metric: 'top-1', share: 0.9 } },
  { model: 'vww01', inputBytes: 27_648, outputs: 2, quality: { metric: 'top-1', share: 0.8 } },
  { model: 'ic01', inputBytes: 3072, outputs: 10, quality: { metric: 'top-1', share: 0.85 } },
  { model: 'ic02', inputBytes: 3072, outputs: 10, quality: { metric: 'top-1', share: 0.91 } },
  { model: 'ad01', inputBytes: 2560, outputs: 1, quality: { metric: 'auc', share: 0.85 } },
]

/** The benchmark that a device names in its profile; undefined for any other model. */
export function benchmarkNamed(model: string): Benchmark | undefined {
  return benchmarks.find((benchmark) => benchmark.model === model)
}

/** The benchmark with these sizes, the oldest of several; undefined for any other model. */
export function benchmarkSized(inputBytes: number, outputs: number): Benchmark | undefined {
  return benchmarks.find((benchmark) => benchmark.inputBytes === inputBytes && benchmark.outputs === outputs)
}
