// The planner's choice against the exhaustive oracle, on a grid of device × variants × goal:
// node bench/plan/choice.mjs [--published FILE]. Build first. Exit code 1 when a figure misses its bound.
//
// Real backends: the planner measures as it always does, more where a limit is near; the oracle measures every variant on every
// backend apart from that and picks the best. Simulated accelerators: the planner
// measures each place alone and the arrangement that it predicts to be best, the oracle every place and every single cut
// between two places. Recorded boards: the
// planner predicts a board's energy from its other published results, the oracle reads the published one.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { realCases } from './choice-real.mjs'
import { recordedCases } from './choice-recorded.mjs'
import { simulatedCases } from './choice-simulated.mjs'

const shared = process.env.MILLIWATT_SHARED ?? join(import.meta.dirname, '../../../shared')
const { values } = parseArgs({
  options: { published: { type: 'string', default: join(shared, 'data/mlperf-tiny/results-v1.0-v1.2.json') } },
})

const percent = (share) => `${(100 * share).toFixed(2)} %`
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length)

/** What a choice means by the oracle's figures. */
function judge({ chosen, feasible, limits, objective }) {
  const broken = chosen ? limits.filter(([of, most]) => of(chosen) > most) : []
  const best = feasible.length > 0 ? Math.min(...feasible.map(objective)) : null
  if (!chosen) return { kind: best === null ? 'rightly refused' : 'refused', broken: 0, excess: null }
  // A chosen one that breaks a limit counts as broken; its objective is still compared.
  return { kind: 'chosen', broken: broken.length, excess: best === null ? null : objective(chosen) / best - 1 }
}

function tell(title, cases) {
  const results = cases.map(judge)
  const count = (kind) => results.filter((one) => one.kind === kind).length
  const excesses = results.flatMap(({ excess }) => (excess === null ? [] : [excess])).sort((a, b) => a - b)
  const broken = results.filter((one) => one.broken > 0).length
  console.log(
    `${title.padEnd(22)} ${String(cases.length).padStart(4)} cases: ${count('chosen')} chosen, on average ${percent(mean(excesses))} above the oracle (worst ${percent(excesses.at(-1) ?? 0)}), limits broken in ${broken}; refused ${count('rightly refused')} rightly, ${count('refused')} although possible`,
  )
  return { cases: cases.length, excesses, broken }
}

const all = [
  tell('real backends', await realCases()),
  tell('simulated devices', await simulatedCases()),
  tell('recorded boards', recordedCases(values.published)),
]
const cases = all.reduce((sum, one) => sum + one.cases, 0)
const excess = mean(all.flatMap(({ excesses }) => excesses))
const broken = all.reduce((sum, one) => sum + one.broken, 0)
console.log(
  `all: ${cases} cases (goal ≥ 200), ${percent(excess)} above the oracle (goal ≤ 5 %), ${broken} broken limits (goal 0)`,
)
if (cases < 200 || excess > 0.05 || broken > 0) process.exitCode = 1
