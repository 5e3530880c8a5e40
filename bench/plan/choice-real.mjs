// Backends of this machine: every variant on every backend, measured by the planner and by the oracle.
import { backends, candidateOf, caseOf, cpu, families, host, Planner, runnables, truthsOf } from './choice-support.mjs'

/** Machines that differ in what is installed. */
const machines = [
  ['compiled'],
  ['onnxruntime-web', 'tfjs-tflite'],
  ['onnxruntime-node', 'tflite-c', 'tfjs-tflite'],
  ['compiled', 'onnxruntime-node', 'litert'],
  backends.map(({ name }) => name),
]

/** Goals over the figures that a machine gave: limits on latency between the fastest and the slowest, and on accuracy. */
function goalsOf(candidates, accuracies) {
  const fastest = Math.min(...candidates.map(({ latency }) => latency.p95S))
  const latencyGoals = [0.9, 1.5, 4, 20].map((factor) => ({ maxLatencyS: factor * fastest }))
  const accuracyGoals = accuracies.length > 0 ? [{ minAccuracy: 0.965 }, { minRelativeAccuracy: 0.9 }] : [{}]
  return [
    ...accuracyGoals.map((goal) => ({ ...goal, minimize: 'latency' })),
    ...latencyGoals.flatMap((goal) => [
      { ...goal, minimize: 'bytes' },
      ...(accuracies.length > 0 ? [{ ...goal, minimize: 'accuracy' }] : []),
    ]),
  ]
}

export async function realCases() {
  const cases = []
  for (const { variants } of await families()) {
    const found = await runnables(variants, backends, cpu)
    const planner = new Planner(found)
    await planner.open()
    await host.clock.sleep(2)
    const latencies = await truthsOf(found)
    const truths = found.map((one) => candidateOf(one, latencies.get(one.key)))
    const accuracies = variants.flatMap(({ accuracy }) => accuracy ?? [])
    for (const machine of machines) {
      const there = ({ places: [{ backend }] }) => machine.includes(backend)
      const same = truths.filter(there)
      if (same.length === 0) continue
      for (const goal of goalsOf(same, accuracies)) cases.push(caseOf(await planner.seenFor(goal, there), same, goal))
    }
    for (const { executable } of found) await executable[Symbol.asyncDispose]()
  }
  return cases
}
