// Time to partition graphs of about 100 nodes over 4 places, and how much dearer greedy delegation is. Build first.
import { evaluateAssignment } from '../../dist/plan/partition/evaluate.js'
import { numbersOf } from '../../dist/plan/partition/numbers.js'
import { partition } from '../../dist/plan/partition/partition.js'
import { shapes } from './graphs.mjs'
import { greedyAssignment } from './greedy.mjs'

const seeds = 12
const rounds = 5
const size = 100

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.round((values.length - 1) * q)]
const told = (values, digits = 1) =>
  `${quantile(values, 0.5).toFixed(digits)} (${quantile(values, 0.1).toFixed(digits)}–${quantile(values, 0.9).toFixed(digits)}, most ${Math.max(...values).toFixed(digits)})`

/** What is asked of a graph: its own free optimum says how tight the limit is. */
const asks = {
  'least latency': () => ({ minimize: 'latency' }),
  'least energy': () => ({ minimize: 'energy' }),
  'least latency, energy limited': (problem) => {
    const [fast, frugal] = ['latency', 'energy'].map(
      (minimize) => partition(problem, { minimize }).total.energy.energyJ,
    )
    return { minimize: 'latency', maxEnergyJ: (fast + frugal) / 2 }
  },
}

/** The best that greedy delegation finds over one, two or three accelerators in any order and 1, 3 or all partitions. */
function greedyLatencies(problem, ask) {
  const numbers = numbersOf(problem, ask)
  const latency = (order, most) =>
    evaluateAssignment(problem, numbers, greedyAssignment(problem, order, most)).total.latencyS
  return { one: latency([2], 1), three: latency([2], 3), all: latency([2, 1, 3], Number.POSITIVE_INFINITY) }
}

for (const [shape, make] of Object.entries(shapes)) {
  const problems = Array.from({ length: seeds }, (_, seed) => make(seed + 1, size))
  console.log(`${shape}: ${Math.min(...problems.map(({ nodes }) => nodes.length))} nodes or more, 4 places`)
  for (const [name, askOf] of Object.entries(asks)) {
    const times = []
    let exact = 0
    for (const problem of problems) {
      const ask = askOf(problem)
      for (let round = 0; round < rounds; round++) {
        const startMs = performance.now()
        const result = partition(problem, ask)
        times.push(performance.now() - startMs)
        if (round === 0 && result.kind === 'partition' && result.optimality.kind === 'exact') exact++
      }
    }
    console.log(`  ${name.padEnd(30)} ${told(times)} ms, proven optimal ${exact} of ${seeds}`)
  }
  const ask = { minimize: 'latency' }
  const dearer = { one: [], three: [], all: [], single: [] }
  for (const problem of problems) {
    const { total, singles } = partition(problem, ask)
    const greedy = greedyLatencies(problem, ask)
    for (const key of ['one', 'three', 'all']) dearer[key].push(greedy[key] / total.latencyS)
    dearer.single.push(Math.min(...singles.map(({ costs }) => costs?.total.latencyS ?? Infinity)) / total.latencyS)
  }
  console.log(
    `  latency over the optimum: greedy, npu's largest partition × ${told(dearer.one, 2)}, three × ${told(dearer.three, 2)},`,
  )
  console.log(
    `    all accelerators, all partitions × ${told(dearer.all, 2)}; best single place × ${told(dearer.single, 2)}`,
  )
}
