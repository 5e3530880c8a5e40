// Backends of this machine: every variant on every backend, measured twice.
import { measureLatencies } from '../../dist/loop/profile.js'
import { backends, candidateOf, caseOf, cpu, families, host, runnables, truthsOf } from './choice-support.mjs'

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
    const first = await measureLatencies(host, found)
    await host.clock.sleep(2)
    const second = await truthsOf(found)
    const [seen, truths] = [first, second].map((latencies) =>
      found.map((one) => candidateOf(one, latencies.get(one.key))),
    )
    const accuracies = variants.flatMap(({ accuracy }) => accuracy ?? [])
    for (const machine of machines) {
      const there = ({ places: [{ backend }] }) => machine.includes(backend)
      const [some, same] = [seen.filter(there), truths.filter(there)]
      if (some.length > 0) cases.push(...goalsOf(same, accuracies).map((goal) => caseOf(some, same, goal)))
    }
    for (const { executable } of found) await executable[Symbol.asyncDispose]()
  }
  return cases
}
