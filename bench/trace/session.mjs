// Energy per inference of a trace, as a library's user gets it: node bench/trace/session.mjs PATH edges|whole
// edges: a window for every time that channel 0 was high; whole: one window that is nearly as long as the trace.
import { estimateEnergy } from '../../dist/energy/estimate.js'
import { sessionFromTrace } from '../../dist/energy/trace-session.js'
import { nodeHost } from '../../dist/hosts/node.js'
import { rawDecoders } from '../../dist/meters/raw-decoders.js'
import { openTrace } from '../../dist/trace/formats/list.js'

const [path, windows] = process.argv.slice(2)
const limit = { value: 0, source: 'bench' }
const instrument = { gain: limit, supply: limit, clock: limit, offsetW: limit }
const trace = await openTrace(nodeHost().files, path, { decoders: rawDecoders })

/** Where the whole trace lies, a tenth of a second left out on either side. */
async function borders() {
  let [first, end] = [Number.NaN, 0]
  for await (const event of trace.events()) {
    if (Number.isNaN(first)) first = event.firstIndex
    end = event.firstIndex + (event.kind === 'gap' ? event.count : event.powerW.length)
  }
  return [first + 10_000, end - 10_000]
}

const evidence = windows === 'edges' ? { channel: 0 } : { eventIndexes: await borders() }
const source = { sampleRateHz: trace.facts.sampleRateHz, events: () => trace.events() }
const session = await sessionFromTrace(source, { inferences: 1, ...evidence }, { instrument, supplyKnown: true })
await trace[Symbol.asyncDispose]()
if ('reason' in session) throw new Error(session.reason)
const { verdict, gross } = estimateEnergy(session)
console.log(`${session.windows.length} windows, ${gross.valueJ} J each, ${verdict}`)
