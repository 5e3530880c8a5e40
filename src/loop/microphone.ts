import { PcmStream } from '../audio/stream/pcm-stream.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Link } from '../core/link.ts'
import type { AudioSource } from './audio-source.ts'
import { openRecorderPackage } from './recorder-package.ts'
import { type Recorder, recorders } from './recorders.ts'

/** Which microphone, at which rate. */
export interface MicrophoneOptions {
  readonly sampleRateHz: number
  /** Name of the device in the recorder's own words; its default without. */
  readonly device?: string
  readonly signal?: AbortSignal
}

/** A recorder must send its first samples within this time. */
const firstSampleS = 5
/** Time over which the rate of a live microphone is counted, and how far it may be off. */
const rateWindowS = 3
const rateTolerance = 0.15
/** What comes faster than any microphone is a file behind a driver, whose pace says nothing. */
const unpacedHz = 200_000

const isPermission = (text: string) => /permission denied|not permitted|access denied/i.test(text)
const isRate = (text: string) =>
  /rate is not accurate|sample rate.*(not supported|unsupported)|unable to set.*rate/i.test(text)

/** A recorder that was started and what it complained of. */
interface Started {
  readonly recorder: Recorder
  readonly link: Link
  readonly complaints: { text: string; overruns: number }
  /** Portions that came while it was tried. */
  readonly first: readonly Uint8Array[]
  /** Ends the collecting of first portions. */
  release(): void
}

type Attempt = Started | { readonly reason: string } | null

/** Starts a recorder and waits for its first samples. */
async function tryRecorder(host: Host, recorder: Recorder, options: MicrophoneOptions): Promise<Attempt> {
  const complaints = { text: '', overruns: 0 }
  const link = await host.startCommand(recorder.name, recorder.args(options.sampleRateHz, options.device), (text) => {
    complaints.text = `${complaints.text}${text}`.slice(-2000)
    complaints.overruns += [...text.matchAll(/overrun/gi)].length
  })
  if (!link) return null
  const first: Uint8Array[] = []
  let release: () => void = () => undefined
  const sound = new Promise<true>((heard) => {
    release = link.onData((portion) => {
      first.push(portion)
      heard(true)
    })
  })
  const stop = new AbortController()
  const late = host.clock.sleep(firstSampleS, stop.signal).then(() => 'late' as const)
  const outcome = await Promise.race([sound, link.ended, late])
  stop.abort()
  if (outcome === true || first.length > 0) return { recorder, link, complaints, first, release }
  release()
  await link.close()
  const said = outcome === 'late' ? `${recorder.name} sends nothing for ${firstSampleS} s` : ''
  return { reason: said || (outcome !== 'late' && outcome.how === 'lost' ? outcome.reason : recorder.name) }
}

/** Counts whether samples come at the rate that was asked for. */
class RateWatch {
  readonly #host: Host
  readonly #wantedHz: number
  #startS: number | null = null
  #samples = 0
  #done = false

  constructor(host: Host, wantedHz: number) {
    this.#host = host
    this.#wantedHz = wantedHz
  }

  /** The rate where it is another one than was asked for; null while it is not known, and where it is right. */
  push(samples: number): number | null {
    if (this.#done) return null
    const nowS = this.#host.clock.nowS()
    if (this.#startS === null) {
      this.#startS = nowS
      return null
    }
    this.#samples += samples
    const elapsedS = nowS - this.#startS
    if (elapsedS < rateWindowS) return null
    this.#done = true
    const rateHz = this.#samples / elapsedS
    const off = Math.abs(rateHz / this.#wantedHz - 1)
    return off > rateTolerance && rateHz < unpacedHz ? rateHz : null
  }
}

function rateError(started: Started, wantedHz: number, foundHz: number | null): MilliwattError {
  const found =
    foundHz === null ? started.complaints.text.trim().split('\n')[0] : `${Math.round(foundHz)} samples a second come`
  return new MilliwattError('MICROPHONE_RATE', started.recorder.name, `${wantedHz} Hz were asked for: ${found}.`)
}

/** Listens until the recorder ends, which is an error unless the signal asked for it. */
async function listen(
  host: Host,
  started: Started,
  { sampleRateHz }: MicrophoneOptions,
  onSamples: (samples: Int16Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { link, complaints, recorder } = started
  const pcm = await PcmStream.open({ sampleRateHz, channels: 1, encoding: 's16le' }, sampleRateHz)
  const rate = new RateWatch(host, sampleRateHz)
  let failed: unknown = null
  const take = (portion: Uint8Array) => {
    if (failed !== null || signal?.aborted) return
    try {
      const samples = pcm.push(portion)
      const foundHz = rate.push(samples.length)
      if (foundHz !== null || isRate(complaints.text)) throw rateError(started, sampleRateHz, foundHz)
      onSamples(samples)
    } catch (error) {
      failed = error
      void link.close()
    }
  }
  started.release()
  for (const portion of started.first) take(portion)
  const release = link.onData(take)
  const close = () => void link.close()
  signal?.addEventListener('abort', close)
  if (signal?.aborted) close()
  const end = await link.ended
  release()
  signal?.removeEventListener('abort', close)
  if (failed !== null) throw failed
  // Ctrl-C in a terminal reaches the recorder as well.
  if (end.how === 'lost' && !signal?.aborted)
    throw new MilliwattError('MICROPHONE_LOST', recorder.name, `${end.reason}.`)
}

/**
 * Opens a microphone: by the first recorder that is installed and gives sound (arecord, parec, pw-record, rec, ffmpeg), else
 * by the package @picovoice/pvrecorder-node.
 * @throws MilliwattError MICROPHONE_NOT_FOUND, MICROPHONE_PERMISSION
 */
export async function openMicrophone(host: Host, options: MicrophoneOptions): Promise<AudioSource> {
  const reasons: string[] = []
  for (const recorder of recorders.filter(({ platforms }) => platforms.includes(host.platform))) {
    const attempt = await tryRecorder(host, recorder, options)
    if (attempt && 'link' in attempt && options.signal?.aborted) await attempt.link.close()
    options.signal?.throwIfAborted()
    if (attempt && 'link' in attempt)
      return {
        name: options.device ?? `microphone (${recorder.name})`,
        live: true,
        get overruns() {
          return attempt.complaints.overruns
        },
        run: (onSamples, signal) => listen(host, attempt, options, onSamples, signal),
        [Symbol.asyncDispose]: () => attempt.link.close(),
      }
    if (attempt) reasons.push(attempt.reason)
  }
  const packaged = await openRecorderPackage(host, options)
  if (packaged && 'run' in packaged) return packaged
  if (packaged) reasons.push(packaged.reason)
  const detail = reasons.length > 0 ? `${reasons.join('; ')}.` : 'No recorder is installed.'
  const code = reasons.some(isPermission) ? 'MICROPHONE_PERMISSION' : 'MICROPHONE_NOT_FOUND'
  throw new MilliwattError(code, options.device ?? 'default', detail)
}
