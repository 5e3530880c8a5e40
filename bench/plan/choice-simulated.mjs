// This processor with one simulated accelerator beside it: which variant, and which layers where.
import { selectBackends } from '../../dist/backends/list.js'
import { simulatedNpus } from '../../dist/backends/simulated-npu.js'
import { median, quantile } from '../../dist/core/stats.js'
import { cutSegment } from '../../dist/formats/cut-segment.js'
import { nodeGroups } from '../../dist/graph/cut.js'
import { sampleInput } from '../../dist/loop/input.js'
import { preparePartition } from '../../dist/loop/partitioned.js'
import { placeId } from '../../dist/loop/place.js'
import { partsOf, placedSegment } from '../../dist/loop/placement.js'
import { profileMachine } from '../../dist/loop/profile-machine.js'
import { spread } from '../../dist/loop/spread.js'
import { choose } from '../../dist/plan/choose.js'
import { isUnsupported } from '../../dist/plan/partition/problem.js'
import { candidateOf, cpu, families, host, probed } from './choice-support.mjs'

const accelerators = ['ethos-u55-32', 'ethos-u65-256', 'coral-edge-tpu-usb', 'example-npu-64']
const rounds = 25

/** What a run costs: declared where a part is simulated, else by the clock. */
async function costOf(executable) {
  const input = sampleInput(executable.inputs)
  const seconds = []
  for (let round = 0; round < rounds; round++) {
    const startS = host.clock.preciseS()
    await executable.run(input)
    seconds.push(executable.declaredCost?.latencyS ?? host.clock.preciseS() - startS)
  }
  return { medianS: median(seconds), p95S: quantile(seconds, 0.95), n: rounds }
}

/** Assignments that the oracle tries: one place, and one cut between two places in either order. */
function* simpleAssignments(segment) {
  const groups = nodeGroups(segment.graph)
  const count = groups.length
  yield Array(count).fill(0)
  yield Array(count).fill(1)
  for (let cut = 1; cut < count; cut++) {
    if (groups[cut] === groups[cut - 1]) continue
    for (const first of [0, 1]) yield groups.map((_, node) => (node < cut ? first : 1 - first))
  }
}

async function truthsOf(variant, places, found) {
  const segment = placedSegment(variant.segment)
  const ids = places.map(placeId)
  const able = found ? found.placement.costs : null
  const truths = []
  const tried = new Set()
  const attempt = async (parts) => {
    const key = parts.map(({ place, segment: part }) => `${placeId(place)} ${part.graph.nodes.length}`).join(' | ')
    if (tried.has(key)) return key
    tried.add(key)
    const executable = await preparePartition(host, segment, parts).catch(() => null)
    if (!executable) return key
    const one = { key: `${variant.name}: ${key}`, variant, backend: { name: 'segments' }, device: { id: 'both' } }
    truths.push({ ...candidateOf(one, await costOf(executable)), what: key })
    await executable[Symbol.asyncDispose]()
    return key
  }
  for (const assignment of simpleAssignments(segment)) {
    const order = able ? ids.map((id) => able.findIndex(({ place }) => placeId(place) === id)) : null
    const fits = !order || assignment.every((at, node) => !isUnsupported(able[order[at]].nodes[node]))
    if (!fits) continue
    const parts = cutSegment(
      segment,
      assignment.map((at) => ids[at]),
    )
    await attempt(parts.map(({ place, segment: part }) => ({ segment: part, place: places[ids.indexOf(place)] })))
  }
  return { truths, attempt }
}

/** The planner's candidates of a variant, from predictions alone, each with the key of what the oracle ran. */
async function plannedOf(variant, context, attempt) {
  const found = spread(context, variant, { minimize: 'latency' })
  if (!found || found.found.kind === 'infeasible') return []
  const { placement, found: best } = found
  const rows = []
  const add = async (assignment, costs) => {
    const key = await attempt(partsOf(placement, assignment).map(({ segment, place }) => ({ segment, place })))
    const guesses = assignment.map((place, node) => placement.costs[place - 1].guesses[placement.groups[node][0]])
    const spare = guesses.reduce((sum, guess) => sum + (guess ? guess.high90S - guess.latencyS : 0), 0)
    const latency = { medianS: costs.total.latencyS, p95S: costs.total.latencyS + spare, n: 1 }
    const one = { key: `${variant.name}: ${key}`, variant, backend: { name: 'segments' }, device: { id: 'both' } }
    rows.push(candidateOf(one, latency))
  }
  await add(best.assignment, best)
  for (const { place, costs } of best.singles)
    if (costs && new Set(best.assignment).size + Number(best.assignment[0] !== place) > 1)
      await add(
        best.assignment.map(() => place),
        costs,
      )
  return rows
}

export async function simulatedCases() {
  const [compiled] = selectBackends(['compiled'])
  const machine = await profileMachine({ host, probe: probed, backends: [compiled], budgetS: 60 })
  const npus = simulatedNpus(probed.targets.accelerators.values())
  const cases = []
  for (const name of accelerators) {
    const devices = npus.devices.filter(({ id }) => id === `npu:${name}`)
    const simulated = { ...npus, devices }
    const context = { backends: [compiled], devices: [cpu], machine, published: null, simulated }
    const places = [
      { backend: npus.backend, device: devices[0] },
      { backend: compiled, device: cpu },
    ]
    for (const { variants } of await families()) {
      const [seen, truths] = [[], []]
      for (const variant of variants) {
        const first = spread(context, variant, { minimize: 'latency' })
        const oracle = await truthsOf(variant, places, first)
        seen.push(...(await plannedOf(variant, context, oracle.attempt)))
        truths.push(...oracle.truths)
      }
      const fastest = Math.min(...truths.map(({ latency }) => latency.medianS))
      const hasAccuracy = truths.some(({ accuracy }) => accuracy !== null)
      const goals = [
        { minimize: 'latency' },
        { minimize: 'bytes', maxLatencyS: 3 * fastest },
        ...(hasAccuracy
          ? [
              { minimize: 'latency', minAccuracy: 0.965 },
              { minimize: 'accuracy', maxLatencyS: 2 * fastest },
            ]
          : []),
      ]
      for (const goal of goals) cases.push(caseOf(seen, truths, goal))
    }
  }
  return cases
}

const objectives = {
  latency: ({ latency }) => latency.medianS,
  bytes: ({ modelBytes }) => modelBytes,
  accuracy: ({ accuracy }) => 1 / accuracy,
}

function caseOf(seen, truths, goal) {
  const { chosen } = choose(seen, goal)
  const limits = [
    ...(goal.minAccuracy === undefined ? [] : [[({ accuracy }) => goal.minAccuracy - accuracy, 0]]),
    ...(goal.maxLatencyS === undefined ? [] : [[({ latency }) => latency.p95S, goal.maxLatencyS]]),
  ]
  return {
    chosen: truths.find(({ key }) => key === chosen?.key) ?? null,
    feasible: truths.filter((one) => limits.every(([of, most]) => of(one) <= most)),
    limits,
    objective: objectives[goal.minimize],
  }
}
