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
import { isUnsupported } from '../../dist/plan/partition/problem.js'
import { candidateOf, caseOf, cpu, families, host, Planner, probed } from './choice-support.mjs'

const accelerators = ['ethos-u55-32', 'ethos-u65-256', 'coral-edge-tpu-usb', 'example-npu-64']
const rounds = 100
const warmUpS = 0.06

/** What a run costs once the host's compiler is done with it: declared where a part is simulated, else by the clock. */
async function costOf(executable) {
  const input = sampleInput(executable.inputs)
  const warmS = host.clock.nowS() + warmUpS
  while (host.clock.nowS() < warmS) await executable.run(input)
  await host.clock.sleep(0.002)
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

/** The planner's candidates of a variant: each place alone, and the best arrangement by prediction; ready to be measured. */
async function plannedOf(variant, context, attempt) {
  const found = spread(context, variant, { minimize: 'latency' })
  if (!found || found.found.kind === 'infeasible') return []
  const { placement, found: best } = found
  const alone = best.singles.flatMap(({ place, costs }) => (costs ? [best.assignment.map(() => place)] : []))
  const rows = new Map()
  for (const assignment of [best.assignment, ...alone]) {
    const parts = partsOf(placement, assignment).map(({ segment, place }) => ({ segment, place }))
    const key = `${variant.name}: ${await attempt(parts)}`
    if (rows.has(key)) continue
    const executable = await preparePartition(host, placement.segment, parts)
    rows.set(key, { key, variant, backend: { name: 'segments' }, device: { id: 'both' }, executable })
  }
  return [...rows.values()]
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
      const [planned, truths] = [[], []]
      for (const variant of variants) {
        const first = spread(context, variant, { minimize: 'latency' })
        const oracle = await truthsOf(variant, places, first)
        planned.push(...(await plannedOf(variant, context, oracle.attempt)))
        truths.push(...oracle.truths)
      }
      const planner = new Planner(planned)
      await planner.open()
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
      for (const goal of goals) cases.push(caseOf(await planner.seenFor(goal), truths, goal))
      for (const { executable } of planned) await executable[Symbol.asyncDispose]()
    }
  }
  return cases
}
