import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import {
  BridgeClient,
  type DeviceBoard,
  type DeviceModel,
  type DeviceTensor,
  type Marking,
} from '../firmware/bridge/client.ts'
import type { BoardLink } from '../firmware/emulated-board.ts'

/** A model on a connected board, with its tensors. */
export interface BoardModel extends DeviceModel {
  readonly inputTensors: readonly DeviceTensor[]
  readonly outputTensors: readonly DeviceTensor[]
}

/** One board and all who use it: it runs one model at a time. */
export class BoardConnection {
  readonly board: DeviceBoard
  readonly link: BoardLink
  readonly #client: BridgeClient
  #turn: Promise<unknown> = Promise.resolve()
  #chosen: number | null = null
  #isLoaded = false

  private constructor(client: BridgeClient, board: DeviceBoard, link: BoardLink) {
    this.#client = client
    this.board = board
    this.link = link
  }

  /** Says hello on a link and takes it over. @throws MilliwattError DEVICE_* */
  static async open(host: Host, link: BoardLink): Promise<BoardConnection> {
    const client = await BridgeClient.open(link.link, { clock: host.clock })
    try {
      return new BoardConnection(client, await client.describe(), link)
    } catch (error) {
      await client[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Does something on the board when all that came before it is done, failed or not. */
  inTurn<T>(work: (client: BridgeClient) => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => work(this.#client))
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** The model with this hash, chosen and looked at; null where the board has none. @throws MilliwattError DEVICE_* */
  find(hash: string): Promise<BoardModel | null> {
    return this.inTurn(async (client) => {
      const model = this.board.models.find((one) => one.hash === hash)
      if (!model) return null
      await this.#choose(client, model.index)
      const { inputs, outputs } = await client.tensors(model)
      return { ...model, inputTensors: inputs, outputTensors: outputs }
    })
  }

  async #choose(client: BridgeClient, index: number): Promise<void> {
    if (this.#chosen === index) return
    await client.choose(index)
    this.#chosen = index
    this.#isLoaded = false
  }

  /** Writes the inputs of a model, which becomes the chosen one. @throws MilliwattError DEVICE_* */
  async load(client: BridgeClient, index: number, bytes: Uint8Array): Promise<void> {
    await this.#choose(client, index)
    this.#isLoaded = false
    await client.write(bytes)
    await client.session.flush()
    this.#isLoaded = true
  }

  /**
   * Runs what was loaded; seconds of one inference by the board's clock.
   * @throws MilliwattError BACKEND_FAILED where another model was loaded in between; DEVICE_*
   */
  async run(client: BridgeClient, index: number, iterations: number, marking: Marking): Promise<number> {
    if (this.#chosen !== index || !this.#isLoaded)
      throw new MilliwattError('BACKEND_FAILED', this.board.board, 'Another model was loaded in between.')
    return (await client.run(iterations, 0, marking)).elapsedS / iterations
  }

  /** Ends the session and closes the link. */
  async close(): Promise<void> {
    await this.#turn.catch(() => undefined)
    await this.#client[Symbol.asyncDispose]()
  }
}
