import { type Command, Option } from 'commander'
import { checkRate } from '../audio/decode.ts'
import { PcmStream } from '../audio/stream/pcm-stream.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { AudioSource } from '../loop/audio-source.ts'
import { listenOnBoard } from '../loop/board-listener.ts'
import { openFileSource, pcmSource } from '../loop/file-source.ts'
import type { KeywordEvent } from '../loop/keyword-stream.ts'
import { listenTo } from '../loop/listen.ts'
import { openMicrophone } from '../loop/microphone.ts'
import { namedDevice } from '../loop/on-device.ts'
import { probe } from '../loop/probe.ts'
import { openRuntimeOn } from '../loop/runtime.ts'
import { streamPage } from '../report/stream-html.ts'
import type { StreamReport } from '../report/stream-report.ts'
import { toCount } from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { addKwsCalibrateCommand } from './kws-calibrate.ts'
import { addKwsEnrolCommand } from './kws-enrol.ts'
import { type Listener, type ListenerOptions, openListener } from './kws-listener.ts'
import { energyOf, printer, streamOf } from './kws-print.ts'
import { toPositive } from './options.ts'
import { writeReport } from './run-output.ts'

interface KwsOptions extends ListenerOptions {
  readonly listen?: boolean
  readonly device?: string
  readonly on?: string
  readonly backend: readonly string[]
  readonly seconds?: number
  readonly rate: number
  readonly channels: number
  readonly encoding: 's16le' | 'f32le'
  readonly json?: boolean
}

/** Opens the sources that the command line names, one after the other. */
async function* sourcesOf(
  host: Host,
  sampleRateHz: number,
  paths: readonly string[],
  options: KwsOptions,
  signal: AbortSignal,
): AsyncGenerator<AudioSource> {
  if (options.listen)
    yield await openMicrophone(host, {
      sampleRateHz,
      signal,
      ...(options.device === undefined ? {} : { device: options.device }),
    })
  for (const path of paths) {
    if (path !== '-') yield await openFileSource(host, path, sampleRateHz)
    else {
      const layout = { sampleRateHz: options.rate, channels: options.channels, encoding: options.encoding }
      signal.addEventListener('abort', () => process.stdin.destroy())
      checkRate(layout.sampleRateHz, 'standard input')
      yield pcmSource('standard input', process.stdin, await PcmStream.open(layout, sampleRateHz))
    }
  }
}

/** Words that a board spots by itself: in the sound of files, or with its own microphone. */
async function kwsOnBoard(host: Host, name: string, paths: readonly string[], options: KwsOptions): Promise<number> {
  const { json, threshold, seconds } = options
  const { signal, release } = interruptSignal()
  const stop = new AbortController()
  signal.addEventListener('abort', () => stop.abort())
  const say = (line: object, text: string) =>
    void process.stdout.write(json ? `${JSON.stringify(line)}\n` : `${text}\n`)
  try {
    const device = await namedDevice(host, await probe(host, []), name)
    const sampleRateHz = 16_000
    for (const path of options.listen ? [null] : paths) {
      await using source = path === null ? null : await openFileSource(host, path, sampleRateHz)
      if (path === null && seconds !== undefined) void host.clock.sleep(seconds, stop.signal).then(() => stop.abort())
      const heard = await listenOnBoard({
        host,
        device,
        source,
        ...(threshold === undefined ? {} : { threshold }),
        onWord: ({ keyword, score, timeS }) =>
          say(
            { event: 'keyword', source: path ?? device.id, timeS, keyword, score },
            `${timeS.toFixed(2).padStart(9)} s  ${keyword.padEnd(14)} ${score.toFixed(2)}`,
          ),
        signal: stop.signal,
      })
      const { board, model, words, lostSamples } = heard
      say(
        { event: 'end', source: path ?? device.id, ...heard },
        `${path ?? 'microphone'}: ${words} heard by ${board} with ${model}${lostSamples > 0 ? `, ${lostSamples} samples lost` : ''}`,
      )
    }
    return signal.aborted ? exitCodes.interrupted : exitCodes.done
  } finally {
    release()
  }
}

/** Listens to one source and prints what it heard. */
async function hear(
  host: Host,
  listener: Listener,
  source: AudioSource,
  { json, seconds, timeline }: KwsOptions,
  stop: AbortController,
): Promise<{ readonly stream: StreamReport | null; readonly problem: MilliwattError | null }> {
  const { card, settings, scorer, frontend } = listener
  const print = printer(json)
  if (!json) process.stderr.write(`${source.name}: ${listener.name}${source.live ? ', Ctrl-C ends it' : ''}\n`)
  if (seconds !== undefined && source.live) void host.clock.sleep(seconds, stop.signal).then(() => stop.abort())
  const recorder = listener.record()
  const onEvent = (event: KeywordEvent) => {
    recorder.heard(event)
    print.event(source.name, event)
  }
  const common = { card, settings, scorer, frontend, clock: host.clock, onEvent, signal: stop.signal }
  const heard = await listenTo(source, common)
  const stream = streamOf(listener, heard, recorder)
  print.end(heard, energyOf(listener), timeline ? stream : null)
  if (heard.problem) process.stderr.write(`${heard.problem.code}: ${heard.problem.message}\n`)
  return { stream, problem: heard.problem }
}

async function kwsCommand(host: Host, version: string, paths: readonly string[], options: KwsOptions): Promise<number> {
  if (!options.listen && paths.length === 0)
    throw new MilliwattError('USAGE', 'kws', 'Give --listen, files, or - for raw PCM on standard input.')
  if (options.on !== undefined) return kwsOnBoard(host, options.on, paths, options)
  const { signal, release } = interruptSignal()
  const stop = new AbortController()
  signal.addEventListener('abort', () => stop.abort(signal.reason))
  const startedAt = host.clock.wallTime().toISOString()
  const streams: StreamReport[] = []
  let failed = false
  try {
    await using runtime = await openRuntimeOn(host, { backends: options.backend, signal })
    await using listener = await openListener(host, runtime, options)
    const { sampleRateHz } = listener.card.features
    for await (const source of sourcesOf(host, sampleRateHz, paths, options, stop.signal)) {
      await using _ = source
      const { stream, problem } = await hear(host, listener, source, options, stop)
      if (stream) streams.push(stream)
      failed ||= problem !== null
      if (stop.signal.aborted) break
    }
    if (options.html !== undefined) {
      const machine = `${runtime.probe.machine} · ${host.runtime}`
      const page = streamPage({ milliwatt: version, model: listener.card.name, startedAt, machine, streams })
      await writeReport(host, options.html, page)
    }
    if (signal.aborted) return exitCodes.interrupted
    return failed ? exitCodes.failed : exitCodes.done
  } finally {
    release()
  }
}

/** Adds `kws` to the program. */
export function addKwsCommand(program: Command, host: Host, version: string, finish: (code: number) => void): void {
  const kws = program
    .command('kws')
    .enablePositionalOptions()
    .argument('[files...]', 'WAV or FLAC files of any length, or - for raw PCM on standard input')
    .description('spot keywords in a stream: from the microphone, files or standard input, one line an event')
    .option('-l, --listen', 'listen to the microphone (arecord, parec, pw-record, rec, ffmpeg or pvrecorder-node)')
    .option('--device <name>', 'which microphone, as the recorder calls it (arecord -L lists them)')
    .option('--model <name>', 'model with a card.json', 'kws')
    .option('--variant <name>', 'plan only over this variant')
    .option('-b, --backend <name...>', 'plan only over these backends', ['compiled'])
    .option('--on <device>', 'let a board spot the words: sound of files over its link, or --listen by its microphone')
    .option('--threshold <score>', "one threshold for all keywords, in place of the card's", toPositive)
    .option('--cascade', "the card's cascade: sound gate, small net, large net")
    .option('--budget-mw <mW>', 'mean power that the cascade stays within; figures are modelled', toPositive)
    .option('--battery-days <days>', 'in place of --budget-mw: how long the battery of --battery-mah lasts', toPositive)
    .option('--battery-mah <mAh>', 'capacity of the battery', toPositive)
    .option('--battery-v <V>', 'its mean voltage', toPositive, 3.7)
    .option('--active-mw <mW>', 'power of this machine at work, where nobody published it', toPositive)
    .option('--sleep-mw <mW>', 'its power between the work', toPositive)
    .option('--timeline', 'show at the end what ran when, and the energy of every event')
    .option(
      '--html <file>',
      'the same as a page with a picture: level, what ran, power and energy, changes of the budget',
    )
    .option('--log <file>', 'write every decision of the cascade with its cost, as JSON lines')
    .option('--seconds <s>', 'stop listening after so many seconds', toPositive)
    .option('--rate <hz>', 'sample rate of raw PCM', toPositive, 16000)
    .option('--channels <n>', 'channels of raw PCM', toCount, 1)
    .addOption(new Option('--encoding <name>', 'layout of raw PCM').choices(['s16le', 'f32le']).default('s16le'))
    .option('--json', 'one JSON object a line: events, and an end with what listening cost')
    .action(async (paths: readonly string[], options: KwsOptions) =>
      finish(await kwsCommand(host, version, paths, options)),
    )
  addKwsCalibrateCommand(kws, host, version, finish)
  addKwsEnrolCommand(kws, host, finish)
}
