// Random sessions of emulated meters with known truth: how often the 95 % interval holds it, what loss does, and whether
// anything wrong is called complete. node bench/energy/coverage.mjs [sessions] [first seed] (default 1000 from 1). Build
// first. Exit code 1 when a figure misses its bound.
import { proportionInterval } from '../../dist/core/stats.js'
import { simulateSession } from './simulated-session.mjs'

const sessions = Number(process.argv[2] ?? 1000)
const firstSeed = Number(process.argv[3] ?? 1)
const percent = (share) => `${(100 * share).toFixed(2)} %`
let failed = false

function check(text, ok) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${text}`)
  if (!ok) failed = true
}

function coverage(results, figure, truth) {
  const held = results.filter((one) => {
    const interval = one.estimate[figure]?.intervalJ
    return interval && interval[0] <= one[truth] && one[truth] <= interval[1]
  }).length
  return { held, share: held / results.length, range: proportionInterval(held, results.length) }
}

/** With few sessions chance is wide: the bound is then met when it lies in the 95 % interval of the share. */
const meets = ({ share, range }) =>
  sessions >= 1000 ? share >= 0.93 && share <= 0.97 : range[1] >= 0.93 && range[0] <= 0.97

const clean = Array.from({ length: sessions }, (_, at) => simulateSession(firstSeed + at))
const complete = clean.filter(({ estimate }) => estimate.verdict === 'complete')
const gross = coverage(complete, 'gross', 'truthGrossJ')
const net = coverage(complete, 'net', 'truthNetJ')
console.log(
  `${sessions} sessions, ${complete.length} complete, ${clean.reduce((sum, one) => sum + one.samples, 0)} samples`,
)
const whyNot = ({ estimate, found }) => found.reason ?? estimate.reasons.join('; ')
const refusals = clean.filter(({ estimate }) => estimate.verdict !== 'complete')
for (const why of new Set(refusals.map(whyNot)))
  console.log(`  ${refusals.filter((one) => whyNot(one) === why).length} not complete: ${why}`)
for (const method of new Set(complete.map((one) => one.method))) {
  const of = complete.filter((one) => one.method === method)
  const { held, share } = coverage(of, 'gross', 'truthGrossJ')
  const worst = Math.max(...of.map(({ methodError }) => methodError))
  console.log(
    `  ${method}: ${held} of ${of.length} (${percent(share)}), worst error beside gain and supply ${percent(worst)}`,
  )
}
check(`gross: the 95 % interval holds the truth in ${percent(gross.share)} (asked: 93 to 97 %)`, meets(gross))
check(`net: the 95 % interval holds the truth in ${percent(net.share)} (asked: 93 to 97 %)`, meets(net))
for (const shape of new Set(complete.map(({ plan }) => plan.idlePathShape))) {
  const of = complete.filter(({ plan }) => plan.idlePathShape === shape)
  const { held, share } = coverage(of, 'net', 'truthNetJ')
  console.log(`     idle level ${shape}: ${held} of ${of.length} (${percent(share)})`)
}

for (const fault of ['loss', 'unseen loss']) {
  const results = Array.from({ length: sessions }, (_, at) => simulateSession(1_000_000 + firstSeed + at, fault))
  const called = results.filter(({ estimate }) => estimate.verdict === 'complete')
  const worst = Math.max(0, ...called.map(({ methodError }) => methodError))
  const wrong = called.filter(({ methodError }) => methodError > 0.005)
  for (const one of wrong)
    console.log(`  seed ${one.seed}, ${one.method}: complete with an error of ${percent(one.methodError)}`)
  check(
    `${fault} up to 0.1 %: ${called.length} of ${sessions} still complete (worst error ${percent(worst)}), ${wrong.length} of them off by more than 0.5 %`,
    wrong.length === 0,
  )
  const outside = results.filter(({ estimate, truthGrossJ }) => {
    const interval = estimate.verdict === 'lower bound' ? estimate.gross?.intervalJ : null
    return interval && (truthGrossJ < interval[0] || truthGrossJ > interval[1])
  })
  console.log(
    `     lower bounds whose interval misses the truth: ${percent(outside.length / (results.length - called.length || 1))}`,
  )
}
process.exitCode = failed ? 1 : 0
