// Published boards as devices: which board for a model, under limits on latency and energy.
import { readFileSync } from 'node:fs'
import { predictPublishedEnergy, readPublished } from '../../dist/cost/published.js'
import { choose } from '../../dist/plan/choose.js'

/** From a 90 % interval to one that leaves out about one of two hundred. */
const far = 2.6 / 1.645

const energyOf = ({ meanPowerW, inferencesPerS }) => meanPowerW / inferencesPerS
const latencyOf = ({ inferencesPerS }) => 1 / inferencesPerS

function candidateOf(results, truth) {
  const guess = predictPublishedEnergy(
    results.filter((one) => one !== truth),
    truth,
  )
  if (!guess) return null
  const latencyS = latencyOf(truth)
  return {
    key: truth.system,
    variant: truth.model,
    places: [{ backend: 'published', device: truth.system }],
    accuracy: null,
    modelBytes: 1,
    arenaBytes: null,
    macs: truth.macs,
    latency: { medianS: latencyS, p95S: latencyS, n: 1 },
    energy: {
      energyJ: guess.value,
      provenance: guess.provenance,
      highJ: guess.value * (guess.high90 / guess.value) ** far,
    },
    idle: null,
  }
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]

/** Cases: every model × limits on latency and on energy at five quantiles of the boards × what is minimised. */
export function recordedCases(file) {
  const results = readPublished(readFileSync(file, 'utf8')).filter(({ meanPowerW }) => meanPowerW !== null)
  const acceptProvenance = ['measured', 'replayed', 'modelled']
  return ['ad', 'ic', 'kws', 'vww'].flatMap((model) => {
    const truths = results.filter((one) => one.model === model)
    const pairs = truths.flatMap((truth) => {
      const candidate = candidateOf(results, truth)
      return candidate ? [{ truth, candidate }] : []
    })
    const latencies = pairs.map(({ truth }) => latencyOf(truth)).sort((a, b) => a - b)
    const energies = pairs.map(({ truth }) => energyOf(truth)).sort((a, b) => a - b)
    const goals = [0.1, 0.25, 0.5, 0.75, 0.95].flatMap((q) => [
      { minimize: 'energy', maxLatencyS: quantile(latencies, q), acceptProvenance },
      { minimize: 'latency', maxEnergyJ: quantile(energies, q), acceptProvenance },
      {
        minimize: 'energy',
        maxLatencyS: quantile(latencies, q),
        maxEnergyJ: quantile(energies, 0.6),
        acceptProvenance,
      },
      {
        minimize: 'latency',
        maxLatencyS: quantile(latencies, 0.6),
        maxEnergyJ: quantile(energies, q),
        acceptProvenance,
      },
    ])
    return goals.map((goal) => {
      const { chosen } = choose(
        pairs.map(({ candidate }) => candidate),
        goal,
      )
      const limits = [
        ...(goal.maxLatencyS === undefined ? [] : [[latencyOf, goal.maxLatencyS]]),
        ...(goal.maxEnergyJ === undefined ? [] : [[energyOf, goal.maxEnergyJ]]),
      ]
      const boards = pairs.map(({ truth }) => truth)
      return {
        chosen: boards.find(({ system }) => system === chosen?.key) ?? null,
        feasible: boards.filter((board) => limits.every(([of, most]) => of(board) <= most)),
        limits,
        objective: goal.minimize === 'energy' ? energyOf : latencyOf,
      }
    })
  })
}
