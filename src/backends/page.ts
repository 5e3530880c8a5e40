import type { Device, DeviceFact, Finding } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import type { Segment } from '../graph/segment.ts'
import { type Backend, type Executable, segmentSpecs, type TensorValue } from './backend.ts'
import { ortSupport } from './onnxruntime.ts'
import { findPageNeeds, flagsVariable, type OpenPage, openPage, pageReason } from './page-browser.ts'
import { placementFromLog } from './page-placement.ts'
import { onProcessor, type PageProvider, pageEngine, pageProviderOf, pageProviders } from './page-providers.ts'
import { checkPlacement, describePlacement, type Placement, type PlacementOptions } from './placement.ts'
import { trialInputs, trialModel } from './trial-model.ts'

type Tensors = Readonly<Record<string, TensorValue>>
type NamedValue = TensorValue & { readonly name: string }

/** What a page says of one provider. */
type Look = { readonly info: Readonly<Record<string, DeviceFact | undefined>> } | { readonly reason: string }

const [verbose, errorsOnly] = [0, 3]

const sessionOptions = (option: PageProvider['option'], logSeverityLevel: number) => ({
  executionProviders: [option],
  graphOptimizationLevel: 'all',
  logSeverityLevel,
  ...(logSeverityLevel === verbose ? { logVerbosityLevel: 0 } : {}),
})

/** Opens the model once with the log on to learn who runs what, and again without it. */
async function openSession(
  page: OpenPage,
  { source: { bytes }, graph }: Segment,
  provider: PageProvider | null,
  placing: PlacementOptions,
): Promise<Placement | null> {
  // A Node buffer would cross to the browser as something else.
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const open = (severity: number) =>
    page.call<readonly string[]>('open', {
      bytes: file,
      options: sessionOptions(provider?.option ?? onProcessor, severity),
    })
  let placement: Placement | null = null
  if (provider) {
    placement = placementFromLog(await open(verbose), graph, provider.name)
    if (!placement)
      throw new MilliwattError('FALLBACK_REFUSED', pageEngine, 'onnxruntime-web does not tell who runs what.')
    checkPlacement(pageEngine, placement, placing)
  }
  await open(errorsOnly)
  return placement
}

/** A page with its model; what a model did to kill it stands in the error. */
async function openModel(host: Host, segment: Segment, provider: PageProvider | null, placing: PlacementOptions) {
  const page = await openPage(host)
  try {
    return { page, placement: await openSession(page, segment, provider, placing) }
  } catch (error) {
    await page.close()
    if (error instanceof MilliwattError) throw error
    throw new MilliwattError('BACKEND_FAILED', pageEngine, pageReason(error), error)
  }
}

async function prepare(...[segment, device, host, placing = {}]: Parameters<Backend['prepare']>): Promise<Executable> {
  const provider = pageProviderOf(device)
  if (device.kind !== 'cpu' && !provider)
    throw new MilliwattError('BACKEND_UNAVAILABLE', pageEngine, `It does not reach ${device.name}.`)
  if (placing.keepOnCpu?.length)
    throw new MilliwattError('BACKEND_LACKS', `${pageEngine}, keepOnCpu`, 'Split the model, or use onnxruntime-node.')
  const open = () => openModel(host, segment, provider, placing)
  const { page, placement } = await open()
  let current: OpenPage | null = page
  let disposed = false
  const drop = async () => {
    const dropped = current
    current = null
    await dropped?.close()
  }
  const run = async (inputs: Tensors): Promise<Tensors> => {
    if (disposed) throw new MilliwattError('BACKEND_FAILED', pageEngine, 'The model was disposed of.')
    current ??= (await open()).page
    const named = Object.entries(inputs).map(([name, value]) => ({ ...value, name }))
    try {
      const results = await current.call<readonly NamedValue[]>('run', named)
      return Object.fromEntries(results.map(({ name, dtype, shape, data }) => [name, { dtype, shape, data }]))
    } catch (error) {
      await drop()
      const detail = `${pageReason(error)}. The page was closed; the next run opens another`
      throw new MilliwattError('BACKEND_FAILED', pageEngine, detail, error)
    }
  }
  const dispose = async () => {
    disposed = true
    await drop()
  }
  return { ...segmentSpecs(segment), run, ...(placement ? { placement } : {}), [Symbol.asyncDispose]: dispose }
}

function toDevice(provider: PageProvider, info: Readonly<Record<string, DeviceFact | undefined>>): Device {
  const known = Object.entries(info).filter(
    (entry): entry is [string, DeviceFact] => entry[1] !== undefined && entry[1] !== '',
  )
  const { name, kind, title, proof } = provider
  const facts = { engine: pageEngine, provider: name, proof, ...Object.fromEntries(known) }
  return {
    id: `${pageEngine}:${name}`,
    kind,
    name: title,
    facts,
    sources: ['navigator.gpu and navigator.ml in a page'],
  }
}

/** A provider that the page has runs the trial model; the browser is a process of its own already. */
async function judge(host: Host, provider: PageProvider, look: Look): Promise<Finding> {
  const { kind, name } = provider
  if ('reason' in look)
    return { status: 'absent', kind, reason: `Chromium has no ${name} here: ${look.reason.replace(/\.$/, '')}` }
  const device = toDevice(provider, look.info)
  if (look.info.software && !host.environment[flagsVariable]) {
    const reason = 'it computes on the processor in software, slower than WebAssembly does'
    const next = `Name --use-webgpu-adapter=swiftshader in ${flagsVariable} to use it all the same.`
    return { status: 'unusable', kind, device, reason, next }
  }
  try {
    await using executable = await prepare(segmentIn(trialModel('float32'), 'onnx'), device, host)
    await executable.run(trialInputs('float32'))
    const trial = executable.placement ? describePlacement(executable.placement) : 'ran'
    return { status: 'found', kind, device: { ...device, facts: { ...device.facts, trial } } }
  } catch (error) {
    const reason = `its trial failed: ${pageReason(error)}`
    return { status: 'unusable', kind, device, reason, next: 'Use the processor, or another version of the browser.' }
  }
}

async function devices(host: Host): Promise<readonly Finding[]> {
  if ('reason' in (await findPageNeeds(host))) return []
  try {
    const page = await openPage(host)
    try {
      const looks = await page.call<Readonly<Record<string, Look>>>('look')
      const findings: Finding[] = []
      for (const provider of pageProviders) findings.push(await judge(host, provider, looks[provider.name]!))
      return findings
    } finally {
      await page.close()
    }
  } catch (error) {
    return [{ status: 'absent', kind: 'gpu', reason: `a page cannot be asked: ${pageReason(error)}` }]
  }
}

/**
 * onnxruntime-web in a page of a headless Chromium: the way to WebGPU and, where the browser has it, WebNN. Every input
 * and output crosses to the browser's process. A model that kills the page is an error, and the next run gets a new one.
 */
export const page: Backend = {
  name: pageEngine,
  summary: 'onnxruntime-web in a headless Chromium: WebGPU and WebNN (optional peer, only when named)',
  form: 'onnx',
  onDemand: true,
  available: async (host) => {
    const needs = await findPageNeeds(host)
    if ('reason' in needs) return { ok: false, ...needs }
    const said = await host.command(needs.path, ['--version'], 20)
    return { ok: true, engine: `onnxruntime-web in ${said?.stdout.trim() || needs.path}` }
  },
  devices,
  supports: (node, device) =>
    device.kind === 'cpu' || pageProviderOf(device)
      ? ortSupport(node)
      : { ok: false, reason: `${pageEngine} has no provider for a ${device.kind}` },
  semantics: () => 'fp32',
  prepare,
}
