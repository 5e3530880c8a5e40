// Energy per layer against synthetic truth: node bench/energy/layers.mjs [trials] (default 300). Build first. Exit code 1
// when a layer of 5 % or more is off by more than 3 %, or the sum by more than 0.5 %, in any trial.
import { random } from '../../dist/core/random.js'
import { layersFromMarkers, solveLayers } from '../../dist/energy/layers.js'

const trials = Number(process.argv[2] ?? 300)
const percent = (share) => `${(100 * share).toFixed(3)} %`
const limits = { value: 0, source: 'none' }
const instrument = { gain: limits, supply: limits, clock: limits, offsetW: limits }
let failed = false

/** Layers with energies over two decades, the cost of a call, and what drifts over the session. */
function draw(seed) {
  const next = random(seed)
  const layersJ = Array.from({ length: 5 + Math.floor(next() * 26) }, () => 1e-6 * 100 ** next())
  return {
    next,
    layersJ,
    callJ: 1e-9 + 2e-8 * next(),
    drift: 0.02 * (next() - 0.5),
    names: layersJ.map((_, at) => `layer ${at}`),
  }
}

/** Rounds of single layers, the empty call and the whole; with `prefixes` the prefixes as well, or instead. */
function rounds({ next, layersJ, callJ, drift }, count, cv, kinds) {
  const total = layersJ.reduce((sum, each) => sum + each, 0)
  return Array.from({ length: count }, (_, round) => {
    const noisy = (energyJ) => energyJ * (1 + (drift * round) / count) * (1 + cv * next.normal())
    const run = (counts, each, repeats) => ({
      counts: counts.map((one) => one * repeats),
      calls: repeats,
      energyJ: noisy((each + callJ) * repeats),
    })
    const none = layersJ.map(() => 0)
    const singles = layersJ.map((energyJ, at) => run(none.with(at, 1), energyJ, 1000))
    const prefixes = layersJ.map((_, at) => {
      const energyJ = layersJ.slice(0, at + 1).reduce((sum, each) => sum + each, 0)
      return run(none.fill(1, 0, at + 1).slice(), energyJ, 100)
    })
    const empty = run(none.fill(0), 0, 1000)
    const runs = [empty, ...(kinds.includes('singles') ? singles : []), ...(kinds.includes('prefixes') ? prefixes : [])]
    return { runs, wholeJ: noisy(total + callJ) }
  })
}

/** The truth as the drift turned it, in the mean over the rounds. */
const drifted = ({ drift }, count) => 1 + (drift * (count - 1)) / (2 * count)

function errors(solution, layersJ, scale) {
  if ('reason' in solution) throw new Error(solution.reason)
  const total = layersJ.reduce((sum, each) => sum + each, 0)
  const large = solution.layers.flatMap(({ figure }, at) =>
    layersJ[at] / total >= 0.05 ? [Math.abs(figure.valueJ / (layersJ[at] * scale) - 1)] : [],
  )
  const inside = solution.layers.filter(
    ({ figure }, at) => figure.intervalJ[0] <= layersJ[at] * scale && layersJ[at] * scale <= figure.intervalJ[1],
  ).length
  return {
    layer: Math.max(...large),
    sum: Math.abs(solution.layers.reduce((sum, { figure }) => sum + figure.valueJ, 0) / (total * scale) - 1),
    against: Math.abs(solution.sumAgainstWhole),
    inside,
    layers: layersJ.length,
  }
}

function report(name, bound, solve) {
  const all = Array.from({ length: trials }, (_, at) => solve(1 + at))
  const worst = (key) => Math.max(...all.map((one) => one[key]))
  const inside = all.reduce((sum, one) => sum + one.inside, 0) / all.reduce((sum, one) => sum + one.layers, 0)
  const ok = worst('layer') <= 0.03 && worst('sum') <= 0.005
  if (bound && !ok) failed = true
  console.log(
    `${ok ? 'ok  ' : bound ? 'FAIL' : 'info'} ${name}: worst layer of 5 % or more ${percent(worst('layer'))}, worst sum ${percent(worst('sum'))}, worst sum against the whole ${percent(worst('against'))}; intervals hold ${percent(inside)} of the layers`,
  )
}

/** A line that toggles at every layer, sampled; layers last 50 µs to 5 ms at 100 kS/s. */
function markers(seed, cv) {
  const { next, layersJ, names } = draw(seed)
  const powerW = layersJ.map(() => 0.02 + 0.06 * next())
  const changes = []
  const borders = []
  let atS = 0
  for (let inference = 0; inference < 400; inference++) {
    const start = borders.length
    for (let layer = 0; layer <= layersJ.length; layer++) {
      borders.push({ atS, layer, factor: 1 })
      changes.push(Math.ceil(atS * 1e5))
      atS += layer < layersJ.length ? layersJ[layer] / powerW[layer] : 1e-3 * (0.5 + next())
    }
    const factor = 1 + cv * next.normal()
    for (const border of borders.slice(start)) border.factor = factor
  }
  // Point samples, summed once, so that any stretch costs two look-ups.
  const sums = new Float64Array(Math.ceil(atS * 1e5) + 1)
  let border = 0
  for (let at = 0; at < sums.length - 1; at++) {
    while (border + 1 < borders.length && borders[border + 1].atS <= at / 1e5) border++
    const { layer, factor } = borders[border]
    sums[at + 1] = sums[at] + (powerW[layer] ?? 0.005) * factor * (1 + 0.02 * next.normal())
  }
  const energyBetween = (from, to) => (sums[to] - sums[from]) / 1e5
  return errors(layersFromMarkers(changes, energyBetween, { names, instrument }, 20), layersJ, 1)
}

for (const cv of [0.0008, 0.0025, 0.01])
  report(`single layers, 20 rounds, CV ${percent(cv)}`, true, (seed) => {
    const plan = draw(seed)
    const solution = solveLayers(rounds(plan, 20, cv, ['singles']), { names: plan.names, instrument })
    return errors(solution, plan.layersJ, drifted(plan, 20))
  })
report('single layers and prefixes, 20 rounds, CV 1 %', true, (seed) => {
  const plan = draw(seed)
  const solution = solveLayers(rounds(plan, 20, 0.01, ['singles', 'prefixes']), { names: plan.names, instrument })
  return errors(solution, plan.layersJ, drifted(plan, 20))
})
for (const cv of [0.0008, 0.01])
  report(`prefixes alone, 20 rounds, CV ${percent(cv)}`, cv < 0.001, (seed) => {
    const plan = draw(seed)
    const solution = solveLayers(rounds(plan, 20, cv, ['prefixes']), { names: plan.names, instrument })
    return errors(solution, plan.layersJ, drifted(plan, 20))
  })
report('a marker a layer, 400 inferences at 100 kS/s, CV 1 %', true, (seed) => markers(seed, 0.01))
process.exitCode = failed ? 1 : 0
