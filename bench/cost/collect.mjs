import { firstUnsupported, segmentFor } from '../../dist/backends/backend.js'
import { selectBackends } from '../../dist/backends/list.js'
import { settleMemory, timedRuns } from '../../dist/loop/place-timing.js'
import { probe } from '../../dist/loop/probe.js'
import { heldOutSegments } from './segments.mjs'

const rounds = 15
const batch = 6

async function open(host, backend, device, segment) {
  try {
    const form = segmentFor(segment, backend)
    if (firstUnsupported(backend, form, device)) return null
    return await backend.prepare(form, device, host)
  } catch {
    return null
  }
}

/** Places and segments in turns; gives the figure of every pair that runs. */
export async function collect(host, names, onProgress = () => {}) {
  const { devices } = await probe(host)
  const cpu = devices.filter(({ kind }) => kind === 'cpu')
  const segments = heldOutSegments()
  const backends = []
  for (const backend of selectBackends(names)) if ((await backend.available(host)).ok) backends.push(backend)
  const truths = []
  for (let first = 0; first < segments.length; first += batch) {
    const engines = []
    for (const [index, { segment }] of segments.slice(first, first + batch).entries())
      for (const backend of backends)
        for (const device of cpu) {
          const executable = await open(host, backend, device, segment)
          if (!executable) continue
          const timed = timedRuns(host, 'truth', executable, { warmsUpByModel: true })
          await timed.warmUp()
          engines.push({ place: `${backend.name} ${device.id}`, segment: first + index, executable, timed })
        }
    settleMemory()
    for (let round = 0; round < rounds; round++) for (const { timed } of engines) await timed.visit()
    for (const { place, segment, executable, timed } of engines) {
      truths.push({ place, segment, ...timed.figures().truth })
      await executable[Symbol.asyncDispose]()
    }
    onProgress(Math.min(segments.length, first + batch), segments.length)
  }
  return truths
}
