// How often a choice breaks a limit on the 95th percentile, by simulated noise with known truth, and what keeping it costs:
// node bench/plan/choice-noise.mjs [CASES]. Build first.
import { quantileUpperBound } from '../../dist/core/quantile-bound.js'
import { random } from '../../dist/core/random.js'
import { quantile } from '../../dist/core/stats.js'
import { choose } from '../../dist/plan/choose.js'
import { contendersOf } from '../../dist/plan/contenders.js'

const cases = Number(process.argv[2] ?? 2000)
const [visitS, screening, settling] = [0.02, 4, 8]

/** Normal numbers by Box and Muller. */
const normal = (draw) => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw())

/** A machine whose rounds are quiet or busy; spells last several rounds. */
class Machine {
  constructor(draw, share) {
    this.draw = draw
    this.busyShare = share * draw()
    this.slowdown = 1.1 + 0.6 * draw()
    this.jitter = 0.01 + 0.05 * draw()
    this.spikes = 0.08 * draw()
    this.busy = draw() < this.busyShare
  }

  nextRound() {
    // A spell of three rounds on average.
    if (this.draw() < 1 / 3) this.busy = this.draw() < this.busyShare
  }

  visit(latencyS) {
    const { draw } = this
    const values = []
    for (let spentS = 0; values.length < 3 || spentS < visitS; ) {
      const spike = draw() < this.spikes ? 1 + draw() : 1
      const value = latencyS * (this.busy ? this.slowdown : 1) * spike * Math.exp(this.jitter * normal(draw))
      values.push(value)
      spentS += value
    }
    return values
  }
}

/** What is known of candidates after some rounds. */
function figureOf(rounds, cautious) {
  const all = rounds.flat()
  const figure = { medianS: quantile(all, 0.5), p95S: quantile(all, 0.95), n: all.length }
  return cautious && rounds.length >= settling ? { ...figure, p95HighS: quantileUpperBound(rounds) } : figure
}

/** The 95th percentile of the slowest third of the rounds: how it was done before. */
function slowestThird(rounds) {
  const length = Math.ceil(rounds.length / 3)
  const thirds = [0, 1, 2].map((third) => rounds.slice(third * length, (third + 1) * length).flat())
  const p95S = Math.max(...thirds.map((third) => quantile(third, 0.95)))
  return { medianS: quantile(rounds.flat(), 0.5), p95S, n: rounds.flat().length }
}

const ways = {
  'plain percentile, 12 rounds': (measure, goal, seen) => {
    measure(() => true, 12)
    return choose(
      seen((rounds) => figureOf(rounds, false)),
      goal,
    )
  },
  'slowest third, 12 rounds': (measure, goal, seen) => {
    measure(() => true, 12)
    return choose(seen(slowestThird), goal)
  },
  'bound, all 12 rounds': (measure, goal, seen) => {
    measure(() => true, 12)
    return choose(
      seen((rounds) => figureOf(rounds, true)),
      goal,
    )
  },
  'bound, more for contenders': (measure, goal, seen) => {
    measure(() => true, screening)
    const batches = new Map()
    for (;;) {
      const candidates = seen((rounds) => figureOf(rounds, true))
      const open = contendersOf(candidates, goal, (key) => batches.get(key) ?? 0)
      if (open.length === 0) return choose(candidates, goal)
      measure((key) => open.includes(key), settling)
      for (const key of open) batches.set(key, (batches.get(key) ?? 0) + 1)
    }
  },
}

for (const [kind, share] of [
  ['steady machines', 0],
  ['machines with slow spells', 0.3],
])
  for (const [name, way] of Object.entries(ways)) {
    let [chosen, broken, refused, excess, runs] = [0, 0, 0, 0, 0]
    for (let seed = 1; seed <= cases; seed++) {
      const draw = random(seed)
      const machine = new Machine(draw, share)
      const truths = Array.from({ length: 8 }, (_, index) => ({
        key: String(index),
        latencyS: 10 ** (-4 + 1.5 * draw()),
        bytes: 1e4 * (1 + 9 * draw()),
      }))
      // The truth of a long time on the same machine.
      const relative = []
      for (let round = 0; round < 600; round++) {
        machine.nextRound()
        relative.push(...machine.visit(2e-3))
      }
      const factor = quantile(relative, 0.95) / 2e-3
      // Limits lie near the percentile of one of them: where choosing is hard.
      const limitS = truths[Math.floor(8 * draw())].latencyS * factor * (0.9 + 0.3 * draw())
      const goal = { minimize: 'bytes', maxLatencyS: limitS }
      const rounds = new Map(truths.map(({ key }) => [key, []]))
      const measure = (wanted, count) => {
        for (let round = 0; round < count; round++) {
          machine.nextRound()
          for (const { key, latencyS } of truths)
            if (wanted(key)) {
              rounds.get(key).push(machine.visit(latencyS))
              runs++
            }
        }
      }
      const seen = (figure) =>
        truths.map(({ key, bytes }) => ({
          key,
          variant: key,
          places: [],
          accuracy: null,
          modelBytes: bytes,
          arenaBytes: null,
          macs: null,
          latency: figure(rounds.get(key)),
          energy: null,
          idle: null,
        }))
      const found = way(measure, goal, seen).chosen
      const able = truths.filter(({ latencyS }) => latencyS * factor <= limitS)
      if (!found) {
        if (able.length > 0) refused++
        continue
      }
      chosen++
      const truth = truths.find(({ key }) => key === found.key)
      if (truth.latencyS * factor > limitS) broken++
      else excess += truth.bytes / Math.min(...able.map(({ bytes }) => bytes)) - 1
    }
    const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)} %`
    console.log(
      `${kind}: ${name.padEnd(28)} limit broken in ${percent(broken, chosen)} of ${chosen} choices, ${percent(excess, chosen - broken)} above the best, refused ${refused} although possible, ${(runs / cases).toFixed(0)} visits a choice`,
    )
  }
