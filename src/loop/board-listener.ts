import type { Device } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { openBoardLink } from '../firmware/board-link.ts'
import { BridgeClient } from '../firmware/bridge/client.ts'
import type { AudioSource } from './audio-source.ts'

/** A word that a board spotted by itself. */
export interface BoardWord {
  readonly keyword: string
  /** Smoothed posterior. */
  readonly score: number
  /** Of what the board heard, in seconds. */
  readonly timeS: number
}

/** How a board listens. */
export interface BoardListening {
  readonly host: Host
  readonly device: Device
  /** Sound that is sent to it; null: its own microphone. */
  readonly source: AudioSource | null
  /** One threshold for all words, in place of the firmware's. */
  readonly threshold?: number
  readonly onWord: (word: BoardWord) => void
  /** Ends it at once. */
  readonly signal: AbortSignal
}

/** What a board heard. */
export interface BoardHeard {
  readonly board: string
  readonly model: string
  readonly words: number
  /** Samples that it missed, on the link or of its microphone. */
  readonly lostSamples: number
}

const sampleRateHz = 16_000
/** Portions between the source and the link: a second of sound. */
const mostWaiting = sampleRateHz

/** Hands the sound of a source to a board, which says when it has room. */
async function send(client: BridgeClient, source: AudioSource, signal: AbortSignal): Promise<void> {
  let sending: Promise<void> = Promise.resolve()
  let problem: unknown = null
  await source.run((samples) => {
    for (let at = 0; at < samples.length; at += mostWaiting) {
      const part = samples.slice(at, at + mostWaiting)
      sending = sending.then(() => (signal.aborted ? undefined : client.hear(part)))
    }
    sending.catch((error: unknown) => {
      problem ??= error
    })
  }, signal)
  await sending
  if (problem) throw problem
  // Silence behind the last word, so that the net is sure of it.
  await client.hear(new Int16Array(sampleRateHz / 2))
  await client.session.flush()
}

const until = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/**
 * Lets a board spot words until the sound ends or the signal aborts.
 * @throws MilliwattError BOARD_LACKS_MODEL for firmware that spots no words; DEVICE_*, EMULATOR_MISSING
 */
export async function listenOnBoard(listening: BoardListening): Promise<BoardHeard> {
  const { host, device, source, threshold, onWord, signal } = listening
  const { link } = await openBoardLink(host, device)
  await using client = await BridgeClient.open(link, { clock: host.clock })
  const { board, models, spotsWords, hasMicrophone } = await client.describe()
  if (!spotsWords) throw new MilliwattError('BOARD_LACKS_MODEL', board, 'It spots no words.')
  if (!source && !hasMicrophone)
    throw new MilliwattError(
      'MICROPHONE_NOT_FOUND',
      board,
      'This board has none: give files, and their sound is sent to it.',
    )
  let [words, lostSamples] = [0, 0]
  client.session.onEvent((event) => {
    if (event.name === 'gap') lostSamples += event.fields.samples
    if (event.name !== 'word') return
    const { text, score, position } = event.fields
    words++
    onWord({ keyword: text, score, timeS: position / sampleRateHz })
  })
  await client.listen(source ? 'link' : 'microphone', threshold)
  if (source) await send(client, source, signal)
  else await until(signal)
  const counts = await client.counts()
  await client.listen('nothing')
  return { board, model: models[0]!.name, words, lostSamples: lostSamples + counts.lostSamples }
}
