import { MilliwattError } from '../../core/errors.ts'
import type { Link } from '../../core/link.ts'
import { bridgeTypes } from '../image-source.ts'
import type { Fields } from './message.ts'
import { BridgeSession, type SessionOptions } from './session.ts'

/** A model on a device. */
export interface DeviceModel {
  readonly index: number
  readonly name: string
  /** First 8 bytes of the SHA-256 of its C, as 16 hexadecimal digits. */
  readonly hash: string
  readonly inputs: number
  readonly outputs: number
  readonly layers: number
  readonly arenaBytes: number
}

/** An input or output of a device's model. */
export interface DeviceTensor {
  readonly name: string
  readonly dtype: string
  readonly byteCount: number
  readonly scale: number
  readonly zeroPoint: number
}

/** What runs on a board. */
export interface DeviceBoard {
  readonly board: string
  readonly vendor: string
  readonly version: string
  readonly clockHz: number
  readonly ticksHz: number
  readonly hasMicrophone: boolean
  readonly spotsWords: boolean
  readonly models: readonly DeviceModel[]
}

/** Which edges the marker pin shows while a model runs. */
export type Marking = 'none' | 'window' | 'layers'

/** What a run took, by the device's own clock. */
export interface DeviceRun {
  readonly iterations: number
  readonly elapsedS: number
}

/** Values of `listen`. */
const sources = { nothing: 0, link: 1, microphone: 2 } as const
/** Bits of `run`. */
const flags = { none: 0, window: 1, layers: 2, timeLayers: 4 } as const
/** Answers of the largest size that a device keeps until they have arrived. */
const lanes = 3
/** While inferences are measured the link is left in peace for so long, in seconds. */
const quietS = 5

/** A board that runs milliwatt's firmware. */
export class BridgeClient implements AsyncDisposable {
  readonly session: BridgeSession
  readonly #path: string
  #ticksHz = 1
  #position = 0
  #next = 0
  readonly #lanes: Promise<unknown>[] = Array.from({ length: lanes }, () => Promise.resolve())

  private constructor(session: BridgeSession, path: string) {
    this.session = session
    this.#path = path
  }

  /** Says hello on an open link and takes it over. @throws as `BridgeSession.open` */
  static async open(link: Link, options: SessionOptions): Promise<BridgeClient> {
    return new BridgeClient(await BridgeSession.open(link, options), link.path)
  }

  #expect<Name extends string, Message extends { readonly name: string }>(
    message: Message,
    name: Name,
  ): Extract<Message, { readonly name: Name }> {
    if (message.name === name) return message as Extract<Message, { readonly name: Name }>
    throw new MilliwattError('DEVICE_ANSWER', this.#path, `It sent "${message.name}" in the place of "${name}".`)
  }

  /** What the device is and which models it has. @throws as `BridgeSession.request` */
  async describe(): Promise<DeviceBoard> {
    const { fields } = this.#expect(await this.session.request('describe', {}), 'board')
    this.#ticksHz = fields.ticksHz
    const [board = '', vendor = '', version = ''] = fields.text.split('\n')
    const models: DeviceModel[] = []
    for (let index = 0; index < fields.models; index++) models.push(await this.#model(index))
    const { clockHz, ticksHz } = fields
    const [hasMicrophone, spotsWords] = [(fields.features & 1) !== 0, (fields.features & 2) !== 0]
    return { board, vendor, version, clockHz, ticksHz, hasMicrophone, spotsWords, models }
  }

  async #model(index: number): Promise<DeviceModel> {
    const { fields } = this.#expect(await this.session.request('describe-model', { index }), 'model')
    const { request: _, hash, ...facts } = fields
    return { ...facts, hash: hash.toString(16).padStart(16, '0') }
  }

  /** Makes a model the one that all else is about. @throws as `BridgeSession.request` */
  async choose(index: number): Promise<void> {
    await this.session.request('choose', { index })
  }

  /** The tensors of the chosen model. @throws as `BridgeSession.request` */
  async tensors(model: DeviceModel): Promise<{
    readonly inputs: readonly DeviceTensor[]
    readonly outputs: readonly DeviceTensor[]
  }> {
    const side = async (which: 0 | 1, count: number) => {
      const found: DeviceTensor[] = []
      for (let index = 0; index < count; index++) {
        const answer = await this.session.request('describe-tensor', { side: which, index })
        const { request: _, dtype, ...facts } = this.#expect(answer, 'tensor').fields
        found.push({ ...facts, dtype: bridgeTypes[dtype] ?? `type ${dtype}` })
      }
      return found
    }
    return { inputs: await side(0, model.inputs), outputs: await side(1, model.outputs) }
  }

  /** Writes all inputs, one after another as they are in the model. @throws what the session ended with */
  async write(bytes: Uint8Array): Promise<void> {
    const part = this.session.payloadBytes - 4
    for (let offset = 0; offset < bytes.length; offset += part)
      await this.session.send('write', { offset, bytes: bytes.subarray(offset, offset + part) })
  }

  /** Runs as many requests side by side as the device keeps answers for, so that the link never waits. */
  async #inLane<T>(work: () => Promise<T>): Promise<T> {
    const lane = this.#next++ % this.#lanes.length
    const turn = this.#lanes[lane]!.then(work)
    this.#lanes[lane] = turn.catch(() => undefined)
    return turn
  }

  /** Reads so many bytes of the outputs. @throws as `BridgeSession.request` */
  async read(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count)
    const part = this.session.payloadBytes - 5
    const take = async (offset: number) => {
      const answer = await this.session.request('read', { offset, count: Math.min(part, count - offset) })
      bytes.set(this.#expect(answer, 'data').fields.bytes, offset)
    }
    const parts: Promise<void>[] = []
    for (let offset = 0; offset < count; offset += part) parts.push(this.#inLane(() => take(offset)))
    await Promise.all(parts)
    return bytes
  }

  /**
   * Runs the chosen model on the inputs that were written.
   * @throws as `BridgeSession.request`
   */
  async run(iterations: number, warmups = 0, marking: Marking = 'none'): Promise<DeviceRun> {
    return this.#run({ iterations, warmups, flags: flags[marking] })
  }

  async #run(fields: Fields<'run'>): Promise<DeviceRun> {
    const poll = fields.flags & flags.window ? quietS : undefined
    const answer = this.#expect(await this.session.request('run', fields, poll), 'ran').fields
    return { iterations: answer.iterations, elapsedS: Number(answer.ticks) / this.#ticksHz }
  }

  /** Seconds of every layer, a mean over the iterations. @throws as `BridgeSession.request` */
  async timeLayers(model: DeviceModel, iterations: number): Promise<readonly number[]> {
    await this.#run({ iterations, warmups: 1, flags: flags.timeLayers })
    const seconds: number[] = []
    for (let index = 0; index < model.layers; index++) {
      const answer = await this.session.request('describe-layer', { index })
      seconds.push(Number(this.#expect(answer, 'layer').fields.ticks) / this.#ticksHz / iterations)
    }
    return seconds
  }

  /** Sets the chosen model's state as at start. @throws as `BridgeSession.request` */
  async reset(): Promise<void> {
    await this.session.request('reset', {})
  }

  /** Sets the marker pin. @throws as `BridgeSession.request` */
  async mark(high: boolean): Promise<void> {
    await this.session.request('mark', { level: high ? 1 : 0 })
  }

  /**
   * Spots words from now on, in sound that `hear` sends or that the board's microphone hears; events `word` tell of them.
   * @param threshold for all words, 0 to 1; the firmware's own by default
   * @throws as `BridgeSession.request`
   */
  async listen(source: keyof typeof sources, threshold?: number): Promise<void> {
    const part = threshold === undefined ? 0 : Math.max(1, Math.round(threshold * 255))
    await this.session.request('listen', { source: sources[source], threshold: part })
    this.#position = 0
  }

  /** Sends samples at 16 kHz that follow those before; resolves when there was room for them. @throws what the session ended with */
  async hear(samples: Int16Array): Promise<void> {
    const part = Math.floor((this.session.payloadBytes - 4) / 2)
    for (let at = 0; at < samples.length; at += part) {
      const some = samples.subarray(at, at + part)
      const bytes = new Uint8Array(some.buffer, some.byteOffset, some.byteLength)
      await this.session.send('audio', { position: this.#position, samples: bytes })
      this.#position = (this.#position + some.length) >>> 0
    }
  }

  /** What the device counted since hello. @throws as `BridgeSession.request` */
  async counts(): Promise<Omit<Fields<'counts'>, 'request'>> {
    const { request: _, ...counts } = this.#expect(await this.session.request('count', {}), 'counts').fields
    return counts
  }

  /** Closes session and link. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]()
  }
}
