// How often the gate finds an increase of 5 %, and how often it cries wolf, at the scatter of windows that published
// traces show. node bench/energy/gate.mjs [trials] (default 4000). With the MLPerf Tiny traces beside the checkout (or
// where MILLIWATT_SHARED points) their own windows are drawn from as well. Build first. Exit code 1 when a bound is missed.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '../../dist/core/random.js'
import { sampleDeviation } from '../../dist/core/stats.js'
import { compareEnergy } from '../../dist/energy/compare-energy.js'
import { simulatedRecord } from './simulated-record.mjs'

const trials = Number(process.argv[2] ?? 4000)
const percent = (share) => `${(100 * share).toFixed(2)} %`
const limits = { tolerance: 0.01, mustFind: 0.05 }
const options = { figure: 'gross', confidence: 0.98 }
let failed = false

function check(text, ok) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${text}`)
  if (!ok) failed = true
}

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Windows of published traces as deviations from their own mean, grown by √(n/(n-1)) so that their variance is right. */
function publishedDeviations() {
  const shared = process.env.MILLIWATT_SHARED ?? join(import.meta.dirname, '..', '..', '..', 'shared')
  const root = join(shared, 'data', 'mlperf-tiny', 'traces')
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith('results.txt'))
    .map((name) => {
      const text = readFileSync(join(root, name), 'utf8')
      const energies = [...text.matchAll(/Energy\/Inf\.?\s*:\s*([\d.]+)/g)].map((match) => Number(match[1]))
      const mean = meanOf(energies)
      const grow = Math.sqrt(energies.length / (energies.length - 1))
      return { name, cv: sampleDeviation(energies) / mean, deviations: energies.map((one) => (one / mean - 1) * grow) }
    })
    .filter(({ deviations }) => deviations.length >= 3)
}

function outcomes(windowsOf, increase) {
  let failures = 0
  let undecided = 0
  for (let trial = 0; trial < trials; trial++) {
    const [a, b] = [0, 1].map((side) => windowsOf(2 * trial + side).map((one) => one * (side ? 1 + increase : 1)))
    const records = [a, b].map((energies, at) => ({ name: 'AB'[at], record: simulatedRecord(energies) }))
    const { outcome } = compareEnergy(...records, limits, options)
    if (outcome === 'failed') failures++
    if (outcome === 'undecided') undecided++
  }
  return { failures: failures / trials, undecided: undecided / trials }
}

function report(name, windowsOf) {
  const found = outcomes(windowsOf, 0.05)
  const alarms = outcomes(windowsOf, 0)
  check(
    `${name}: +5 % found in ${percent(found.failures)} (asked: 95 %), false alarms ${percent(alarms.failures)} (asked: at most 1 %), not shown ${percent(alarms.undecided)}`,
    found.failures >= 0.95 && alarms.failures <= 0.01,
  )
}

for (const cv of [0.0008, 0.0025, 0.005, 0.01]) {
  report(`5 windows, CV ${percent(cv)}`, (trial) => {
    const next = random(1 + trial)
    return Array.from({ length: 5 }, () => 664e-6 * (1 + cv * next.normal()))
  })
}
const published = publishedDeviations()
if (published.length === 0) console.log('no published traces here: their own windows are left out')
else {
  const cvs = published.map(({ cv }) => cv).toSorted((a, b) => a - b)
  console.log(`${published.length} published traces, CV of their windows ${percent(cvs[0])} to ${percent(cvs.at(-1))}`)
  report('windows drawn from one published trace each', (trial) => {
    const { deviations } = published[(trial >> 1) % published.length]
    const next = random(1 + trial)
    return Array.from({ length: 5 }, () => 664e-6 * (1 + deviations[Math.floor(next() * deviations.length)]))
  })
}
process.exitCode = failed ? 1 : 0
