import type { Host } from '../core/host.ts'
import { median } from '../core/stats.ts'
import { type CostedWindow, type EnergyEstimate, type EnergySession, estimateEnergy } from '../energy/estimate.ts'
import { bestWindows, type FoundWindows, type PlacedWindow, windowsFromEvents } from '../energy/window-finders.ts'
import type { Inference, MlperfClient, TimedMessage } from '../firmware/mlperf/client.ts'
import {
  calibrate,
  durationOf,
  filling,
  inferChecked,
  mostRepeats,
  type WindowOptions,
} from '../firmware/mlperf/runner.ts'
import type { SampleEvent } from '../trace/samples.ts'
import { sessionOf } from './energy-measure.ts'
import type { PowerSession } from './power.ts'

/** How to measure the energy of a device. */
export interface DeviceEnergyOptions extends WindowOptions {
  /** How long idle is measured before and after, in seconds. */
  readonly idleS: number
  /** Digital channel of the meter on which the device's timestamp pin lies. */
  readonly channel?: number
  readonly signal?: AbortSignal
}

/** What a measurement of a device gave. */
export interface DeviceEnergy {
  readonly session: EnergySession
  readonly estimate: EnergyEstimate
  /** Median time of one inference by the device's timer, else by the arrival of its text. */
  readonly latencyS: number
  /** Why better ways to place the windows were passed over. */
  readonly passedOver: readonly string[]
}

/** A line of text comes this late at most where nothing is known of the link (a USB bridge's timer, a busy host), in seconds. */
const textUncertaintyS = 0.016
/** A meter may tell of an edge after the samples around it: so long nothing counts as missing yet, in seconds. */
const lateS = 0.3
/** On a digital channel, whose pin is known to be wired, edges are awaited for so long. */
const mostLateS = 1.5
/** Pulses and text that say a different length by more than this do not mean the same window. */
const mostDifference = 0.05
const none = (reason: string): FoundWindows => ({ windows: null, reason })

/** Collects the places of the pulses that the meter notes in its stream: the listener of a session, and what it heard. */
export function pulseListener(): { readonly indexes: readonly number[]; readonly hear: (event: SampleEvent) => void } {
  const indexes: number[] = []
  return {
    indexes,
    hear: (event) => {
      if (event.kind === 'samples') for (const mark of event.marks ?? []) indexes.push(mark.index)
    },
  }
}

/** The last two pulses since the window was asked for, as the official runner takes them; a pulse at boot does no harm. */
function fromPulses(
  pulses: readonly number[],
  rate: number,
  inference: Inference,
  method: 'event line' | 'marker edges',
): FoundWindows {
  if (pulses.length < 2) return none(`${pulses.length} pulses came, a window needs two`)
  const found = windowsFromEvents(pulses.slice(-2), rate, inference.iterations)
  const [window] = found.windows ?? []
  if (!window) return found
  const lengthS = (window.endIndex - window.startIndex) / rate
  const textS = durationOf(inference)
  if (Math.abs(lengthS - textS) > mostDifference * textS + 2 * textUncertaintyS)
    return none(`the pulses are ${lengthS.toFixed(2)} s apart, the inferences took ${textS.toFixed(2)} s`)
  if (method === 'event line') return found
  const words = "falling edges of the device's timestamp pin, sampled with the current"
  return { windows: [{ ...window, method, edgeUncertaintyS: 0.5 / rate, words }] }
}

/** The window that the device's text drew, sure to what a line may come late. */
function fromText(
  { marks }: { readonly marks: PowerSession['windows'][number]['marks'] },
  iterations: number,
): FoundWindows {
  if (marks.method === 'none') return none(marks.reason)
  const place: PlacedWindow = {
    ...marks,
    method: 'host marks',
    edges: 'independent',
    inferences: iterations,
    edgeUncertaintyS: marks.edgeUncertaintyS + textUncertaintyS,
    words: "the arrival of the device's text (no timestamp pin)",
  }
  return { windows: [place] }
}

/** Runs the inferences; a window of the meter lies between the lines of text around them. */
async function runWindow(
  power: PowerSession,
  label: string,
  iterations: number,
  run: (onMessage: (timed: TimedMessage) => void) => Promise<Inference>,
) {
  let started = () => {}
  let done = () => {}
  const start = new Promise<void>((resume) => {
    started = resume
  })
  const end = new Promise<void>((resume) => {
    done = resume
  })
  const running = run(({ message }) => {
    if (message.kind === 'infer-start') started()
    if (message.kind === 'infer-done') done()
  })
  const failed = running.then(() => {})
  await Promise.race([start, failed])
  const { window } = await power.window(label, iterations, () => Promise.race([end, failed]))
  return { window, inference: await running }
}

/** Measures one window and places it by the most trusted evidence. */
async function measureWindow(
  host: Host,
  power: PowerSession,
  client: MlperfClient,
  pulses: readonly number[],
  at: number,
  iterations: number,
  options: DeviceEnergyOptions,
): Promise<{
  readonly costed: CostedWindow | null
  readonly inference: Inference
  readonly passedOver: readonly string[]
}> {
  const { sampleRateHz: rate } = power.meter.info
  const fromIndex = power.endIndex
  const silenceS = options.timeoutS + 3 * options.windowS
  const { window, inference } = await runWindow(power, `window ${at + 1}`, iterations, (onMessage) =>
    inferChecked(client, iterations, options.warmups, silenceS, onMessage),
  )
  // Closing the window before it is read: the samples and the pulses around its end are still on their way.
  await host.clock.sleep(lateS, options.signal)
  const heard = pulses.filter((index) => index >= fromIndex)
  const { channel } = options
  const untilS = host.clock.nowS() + mostLateS
  while (channel !== undefined && power.falls(channel, fromIndex).length < 2 && host.clock.nowS() < untilS)
    await host.clock.sleep(lateS / 3, options.signal)
  const found = bestWindows({
    ...(channel === undefined
      ? {}
      : { 'marker edges': () => fromPulses(power.falls(channel, fromIndex), rate, inference, 'marker edges') }),
    ...(heard.length > 0 ? { 'event line': () => fromPulses(heard, rate, inference, 'event line') } : {}),
    'host marks': () => fromText(window, iterations),
  })
  if (!found.windows) return { costed: null, inference, passedOver: [found.reason] }
  const [place] = found.windows
  const energy = await power.between(place!.startIndex, place!.endIndex)
  const isUsable = energy.verdict !== 'invalid'
  return {
    costed: isUsable ? { place: place!, energy } : null,
    inference,
    passedOver: isUsable ? found.passedOver : [...found.passedOver, energy.reason ?? ''],
  }
}

/**
 * Energy mode: idle, windows with each on the next input, idle again. A window lies between the last two pulses on the
 * meter's digital channel or event line, else between the device's lines of text; it is read only when the samples
 * around its end have arrived.
 * @param pulses what `pulseListener` heard on the meter's stream
 * @throws as `MlperfClient.infer`; METER_LOST when no window was measured
 */
export async function measureDeviceEnergy(
  host: Host,
  power: PowerSession,
  client: MlperfClient,
  inputs: readonly Uint8Array[],
  pulses: readonly number[],
  options: DeviceEnergyOptions,
): Promise<DeviceEnergy> {
  const { windows, windowS, idleS, onWindow, signal } = options
  await client.load(inputs[0]!)
  let iterations = await calibrate(client, options, durationOf)
  const before = await power.idle(idleS, signal)
  const placed: CostedWindow[] = []
  const passedOver = new Set<string>()
  const eachS: number[] = []
  for (let at = 0; at < windows; at++) {
    onWindow?.(at, windows)
    await client.load(inputs[at % inputs.length]!)
    for (let repeat = 0; ; repeat++) {
      const one = await measureWindow(host, power, client, pulses, at, iterations, options)
      const durationS = durationOf(one.inference)
      const ran = iterations
      if (durationS < windowS) iterations = filling(iterations, durationS, windowS, repeat)
      if (durationS < windowS && repeat < mostRepeats && !power.lost) continue
      if (one.costed) placed.push(one.costed)
      for (const reason of one.passedOver) passedOver.add(reason)
      eachS.push(durationS / ran)
      break
    }
  }
  const after = await power.idle(idleS, signal)
  signal?.throwIfAborted()
  onWindow?.(windows, windows)
  if (power.lost && placed.length === 0) throw power.lost
  const idle = [before.idle, after.idle] as const
  const session = sessionOf(power, { windows: placed, missing: windows - placed.length, idle })
  return {
    session,
    estimate: estimateEnergy(session),
    latencyS: median(eachS),
    passedOver: [...passedOver],
  }
}
