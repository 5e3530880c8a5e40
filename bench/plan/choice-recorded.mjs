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

/** Five limits, evenly spaced by ratio between the least and the greatest figure. */
const limitsOver = (figures) => {
  const [low, high] = [Math.min(...figures), Math.max(...figures)]
  return [0.1, 0.3, 0.5, 0.7, 0.9].map((share) => low * (high / low) ** share)
}

/** Cases: every model × five limits on latency and on energy × what is minimised. */
export function recordedCases(file) {
  const results = readPublished(readFileSync(file, 'utf8')).filter(({ meanPowerW }) => meanPowerW !== null)
  const acceptProvenance = ['measured', 'replayed', 'modelled']
  return ['ad', 'ic', 'kws', 'vww'].flatMap((model) => {
    const truths = results.filter((one) => one.model === model)
    const pairs = truths.flatMap((truth) => {
      const candidate = candidateOf(results, truth)
      return candidate ? [{ truth, candidate }] : []
    })
    const latencies = limitsOver(pairs.map(({ truth }) => latencyOf(truth)))
    const energies = limitsOver(pairs.map(({ truth }) => energyOf(truth)))
    const goals = latencies.flatMap((maxLatencyS, at) => [
      { minimize: 'energy', maxLatencyS, acceptProvenance },
      { minimize: 'latency', maxEnergyJ: energies[at], acceptProvenance },
      { minimize: 'energy', maxLatencyS, maxEnergyJ: energies[2], acceptProvenance },
      { minimize: 'latency', maxLatencyS: latencies[2], maxEnergyJ: energies[at], acceptProvenance },
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
