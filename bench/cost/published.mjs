// Energy of published results, each model predicted from the others: node bench/cost/published.mjs [--published FILE]
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { predictPublishedEnergy, predictPublishedLatency, readPublished } from '../../dist/cost/published.js'

const shared = process.env.MILLIWATT_SHARED ?? join(import.meta.dirname, '../../../shared')
const { values } = parseArgs({
  options: { published: { type: 'string', default: join(shared, 'data/mlperf-tiny/results-v1.0-v1.2.json') } },
})
const results = readPublished(readFileSync(values.published, 'utf8')).filter(({ meanPowerW }) => meanPowerW !== null)
const quantile = (list, q) => {
  const sorted = [...list].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  return sorted[Math.floor(at)] + (sorted[Math.ceil(at)] - sorted[Math.floor(at)]) * (at % 1)
}
const percent = (share) => `${(100 * share).toFixed(1)} %`
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length

function tell(title, rows) {
  const errors = rows.map(({ guess, truth }) => Math.abs(guess.value / truth - 1))
  const covered = rows.filter(({ guess, truth }) => truth >= guess.low90 && truth <= guess.high90).length
  const interval = covered > 0 ? `, in the 90 % interval ${percent(covered / rows.length)}` : ''
  console.log(
    `${title.padEnd(44)} n ${rows.length}, median ${percent(quantile(errors, 0.5))}, p90 ${percent(quantile(errors, 0.9))}${interval}`,
  )
}

/** Every pair of system and model in turn, without its own result. */
function leaveOneOut(predict, truthOf, without = () => false) {
  return results.flatMap((held) => {
    const rest = results.filter((one) => one !== held && !without(one, held))
    const guess = predict(rest, held)
    return guess ? [{ held, guess, truth: truthOf(held) }] : []
  })
}
const energyOf = ({ meanPowerW, inferencesPerS }) => meanPowerW / inferencesPerS
const flat = (rest, held) => {
  const same = rest.filter(({ system }) => system === held.system)
  if (same.length === 0) return null
  return { value: mean(same.map(({ meanPowerW }) => meanPowerW)) / held.inferencesPerS, low90: 1, high90: 0 }
}
const silicon = ({ system }) => /H7A3|U575|L4R5|gap9|9120/.exec(system)?.[0] ?? system
const sameSilicon = (one, held) => one.system !== held.system && silicon(one) === silicon(held)

tell('energy, mean power of the other models', leaveOneOut(flat, energyOf))
tell('energy', leaveOneOut(predictPublishedEnergy, energyOf))
tell('energy, other results of the chip left out', leaveOneOut(predictPublishedEnergy, energyOf, sameSilicon))
tell(
  'latency',
  leaveOneOut(predictPublishedLatency, ({ inferencesPerS }) => 1 / inferencesPerS),
)
