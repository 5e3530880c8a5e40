import type { DetectorSettings } from '../audio/stream/detector.ts'
import type { Card } from '../catalogue/card.ts'
import { detectorSettings } from '../catalogue/detector-settings.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { FileAppender, Host } from '../core/host.ts'
import type { PublishedPower } from '../cost/modelled.ts'
import type { KeywordStreamOptions } from '../loop/keyword-stream.ts'
import { streamCard } from '../loop/listen.ts'
import { columnTimeS, listeningPower } from '../loop/listening-power.ts'
import type { LoadedModel } from '../loop/model.ts'
import { type OpenFrontend, openFrontend } from '../loop/model-frontend.ts'
import { netScorer } from '../loop/net-scorer.ts'
import { type OpenedCascade, openCascade } from '../loop/open-cascade.ts'
import type { Runtime } from '../loop/runtime.ts'
import { StreamRecorder } from '../loop/stream-recorder.ts'

/** Options that choose what listens. */
export interface ListenerOptions {
  readonly model: string
  readonly variant?: string
  readonly threshold?: number
  readonly cascade?: boolean
  readonly budgetMw?: number
  readonly batteryDays?: number
  readonly batteryMah?: number
  readonly batteryV: number
  readonly activeMw?: number
  readonly sleepMw?: number
  readonly log?: string
  readonly timeline?: boolean
  readonly html?: string
}

/** What listens: a net alone or a cascade. */
export interface Listener extends AsyncDisposable {
  readonly name: string
  readonly card: Card
  readonly settings: DetectorSettings
  readonly scorer: KeywordStreamOptions['scorer']
  readonly frontend: OpenFrontend | undefined
  readonly cascade: OpenedCascade | null
  /** Where figures of energy come from, in words. */
  readonly energySource: string
  /** Begins to record what the cascade does with the next source. */
  record(): StreamRecorder
}

/** Mean power that the options allow, in watts. @throws MilliwattError USAGE */
function budgetOf(options: ListenerOptions): number | undefined {
  if (options.budgetMw !== undefined) return options.budgetMw / 1e3
  if (options.batteryDays === undefined) return undefined
  if (options.batteryMah === undefined)
    throw new MilliwattError('USAGE', '--battery-days', 'Give the capacity of the battery with --battery-mah.')
  return ((options.batteryMah / 1e3) * options.batteryV) / (options.batteryDays * 24)
}

function powerOf(runtime: Runtime, { activeMw, sleepMw }: ListenerOptions): PublishedPower | null {
  if (activeMw === undefined) return runtime.probe.power
  return { activeW: activeMw / 1e3, idleW: sleepMw === undefined ? null : sleepMw / 1e3 }
}

/** Lines of a log, appended one after the other while listening goes on. */
function logTo(appender: FileAppender) {
  let last = Promise.resolve()
  let failed: unknown = null
  return {
    write: (line: object) => {
      last = last
        .then(() => appender.append(new TextEncoder().encode(`${JSON.stringify(line)}\n`)))
        .catch((error: unknown) => {
          failed ??= error
        })
    },
    close: async (path: string) => {
      await last
      await appender.close()
      if (failed !== null) throw new MilliwattError('OUTPUT_WRITE', path, messageOf(failed), failed)
    },
  }
}

async function openLog(host: Host, path: string | undefined) {
  if (path === undefined) return null
  try {
    return logTo(await host.files.append(host.files.resolve(path)))
  } catch (error) {
    throw new MilliwattError('OUTPUT_WRITE', path, messageOf(error), error)
  }
}

async function cascadeListener(
  host: Host,
  runtime: Runtime,
  options: ListenerOptions,
  first: LoadedModel,
  budgetW: number | undefined,
): Promise<Listener> {
  const card = streamCard(first)
  const frontend = await openFrontend(host, first.catalogue.folder, card.features)
  const log = await openLog(host, options.log)
  const published = powerOf(runtime, options)
  const stepS = card.cascade?.detector.stepS ?? 0.1
  let recorder = new StreamRecorder(stepS)
  const cascade = await openCascade({
    card,
    clock: host.clock,
    powerOf: (nets) => published && listeningPower(published, columnTimeS(card.features, host.clock, frontend), nets),
    load: (variant) => runtime.load(options.model, { variant }),
    ...(budgetW === undefined ? {} : { budgetW }),
    onDecision: (decision) => {
      log?.write(decision)
      recorder.look(decision)
    },
    onChange: (change) => {
      log?.write(change)
      recorder.changed(change)
    },
  })
  const { name, settings, scorer } = cascade
  return {
    name,
    card,
    settings,
    scorer,
    frontend,
    cascade,
    energySource: published
      ? 'power that was published or stated, times how long each part takes here'
      : 'no published power for this machine in targets/, and none stated (--active-mw)',
    record: () => {
      recorder = new StreamRecorder(stepS)
      return recorder
    },
    [Symbol.asyncDispose]: async () => log?.close(options.log!),
  }
}

/**
 * Opens what the options choose: the card's cascade with `--cascade`, a timeline, a page or a budget, else one variant.
 * @throws MilliwattError CARD_INVALID, GOAL_INVALID, GOAL_NOT_MET, USAGE, OUTPUT_WRITE
 */
export async function openListener(host: Host, runtime: Runtime, options: ListenerOptions): Promise<Listener> {
  const variant = options.variant === undefined ? {} : { variant: options.variant }
  const model = await runtime.load(options.model, { goal: { minimize: 'accuracy' }, ...variant })
  const budgetW = budgetOf(options)
  if (options.cascade || options.timeline || options.html !== undefined || budgetW !== undefined)
    return cascadeListener(host, runtime, options, model, budgetW)
  const card = streamCard(model)
  return {
    name: model.variant.name,
    card,
    settings: detectorSettings(card, model.variant.name, options.threshold),
    scorer: (window) => netScorer(model, window, card.labels),
    frontend: await openFrontend(host, model.catalogue.folder, card.features),
    cascade: null,
    energySource: '',
    record: () => new StreamRecorder(1),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
