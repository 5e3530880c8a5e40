import type { Device, DeviceFact, Finding } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import { type OrtProvider, ortProviders } from './onnxruntime-providers.ts'
import { describePlacement } from './placement.ts'
import { tryApart } from './trial.ts'
import { trialInputs, trialModel } from './trial-model.ts'
import { findVulkan } from './vulkan.ts'

/** Whether a provider is worth a trial here. */
type Outlook =
  | { readonly kind: 'try'; readonly facts: Readonly<Record<string, DeviceFact>> }
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'unusable'; readonly reason: string; readonly next: string }

async function vulkanOutlook(host: Host): Promise<Outlook> {
  const { files, named, software } = await findVulkan(host)
  if (files.length === 0) return { kind: 'absent', reason: 'no Vulkan driver is installed' }
  const drivers = files.map((file) => host.files.basename(file).replace(/\.json$/, ''))
  if (named || !software) return { kind: 'try', facts: { drivers, ...(software ? { software } : {}) } }
  return {
    kind: 'unusable',
    reason: `Vulkan is there in software only (${drivers.join(', ')}), which computes on the processor and is slower than it`,
    next: `Name the driver in VK_DRIVER_FILES (${files.join(':')}) to use it all the same.`,
  }
}

/** Looks at what a provider cannot do without, before anything of it is loaded. */
async function outlookOf(host: Host, folder: string | null, provider: OrtProvider): Promise<Outlook> {
  const library = provider.library?.[host.platform]
  if (library !== undefined && !(folder && (await host.files.stat(host.files.join(folder, library)))))
    return { kind: 'absent', reason: `${library} is not beside onnxruntime` }
  return provider.vulkan && host.platform === 'linux' ? vulkanOutlook(host) : { kind: 'try', facts: {} }
}

function toDevice(engine: string, provider: OrtProvider, facts: Readonly<Record<string, DeviceFact>>): Device {
  return {
    id: `${engine}:${provider.name}`,
    kind: provider.kind,
    name: `${provider.title} of ${engine}`,
    facts: { engine, provider: provider.name, proof: provider.proof, ...facts },
    sources: [`package ${engine}`, provider.source],
  }
}

/** The last sentence of onnxruntime's message; what stands before it names its own source files. */
const shortened = (reason: string): string =>
  reason
    .trim()
    .replace(/^[\s\S]*was false\.\s*/, '')
    .replace(/\.$/, '')

async function judge(host: Host, engine: string, provider: OrtProvider, outlook: Outlook): Promise<Finding> {
  const { kind } = provider
  if (outlook.kind === 'absent') return { status: 'absent', kind, reason: `${provider.name}: ${outlook.reason}` }
  const device = toDevice(engine, provider, outlook.kind === 'try' ? outlook.facts : {})
  if (outlook.kind === 'unusable') {
    const { reason, next } = outlook
    return { status: 'unusable', kind, device, reason, next }
  }
  const segment = segmentIn(trialModel('float32'), 'onnx')
  const answer = await tryApart(host, { backend: engine, device, segment, inputs: trialInputs('float32') })
  if (!answer.ok) {
    const reason = `its trial failed: ${shortened(answer.reason)}`
    return { status: 'unusable', kind, device, reason, next: provider.next }
  }
  const trial = answer.placement ? describePlacement(answer.placement) : 'ran'
  return { status: 'found', kind, device: { ...device, facts: { ...device.facts, trial } } }
}

/** One line for everything of a kind that is not here. */
function together(engine: string, findings: readonly Finding[]): readonly Finding[] {
  const absent = findings.filter((finding) => finding.status === 'absent')
  const others = findings.filter((finding) => finding.status !== 'absent')
  const kinds = [...new Set(absent.map(({ kind }) => kind))]
  const lines = kinds.map((kind): Finding => {
    const reasons = absent.filter((finding) => finding.kind === kind).map(({ reason }) => reason)
    return { status: 'absent', kind, reason: `${engine} reaches none: ${reasons.join('; ')}` }
  })
  return [...others, ...lines]
}

/**
 * What the execution providers of an onnxruntime package reach: each that is worth it runs a small model in a process of
 * its own.
 * @param supported names of the providers that the binary has
 * @param folder where its libraries lie, if that is known
 */
export async function providerDevices(
  host: Host,
  engine: string,
  supported: readonly string[],
  folder: string | null,
): Promise<readonly Finding[]> {
  const rows = ortProviders.filter(({ name }) => supported.includes(name))
  const judged = rows.map(async (row) => judge(host, engine, row, await outlookOf(host, folder, row)))
  return together(engine, await Promise.all(judged))
}
