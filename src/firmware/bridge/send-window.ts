/** A frame that is on its way. */
export interface SentFrame {
  readonly seq: number
  readonly type: number
  readonly content: Uint8Array
}

/** Bytes of a frame beside its content. */
const frameBytes = 12
/** Frames are sent again at most this often, in seconds: one loss shows itself several times. */
const resendS = 0.02
/** Numbers of frames count to 256; fewer than half may be on their way. */
const mostFrames = 100

/** How many frames one number is after another. */
export const distance = (from: number, to: number): number => (to - from) & 255

/** The frames that the other end has not said it has, within so many bytes as it has room for (go-back-n). */
export class SendWindow {
  readonly #frames: SentFrame[] = []
  #bytes = 0
  #next = 0
  #resentS = Number.NEGATIVE_INFINITY

  get isEmpty(): boolean {
    return this.#frames.length === 0
  }

  /** Whether one more content fits into a window of so many bytes; into an empty one all do. */
  hasRoom(contentBytes: number, windowBytes: number): boolean {
    if (this.isEmpty) return true
    return this.#bytes + contentBytes + frameBytes <= windowBytes && this.#frames.length < mostFrames
  }

  /** Gives the next frame its number and holds it until it is acknowledged. */
  add(type: number, content: Uint8Array): SentFrame {
    const frame = { seq: this.#next, type, content }
    this.#next = (this.#next + 1) & 255
    this.#frames.push(frame)
    this.#bytes += content.length + frameBytes
    return frame
  }

  /** The other end has all frames before this number. Tells whether that is news. */
  forget(ack: number): boolean {
    const [first] = this.#frames
    if (!first) return false
    const have = distance(first.seq, ack)
    if (have === 0 || have > this.#frames.length) return false
    for (const { content } of this.#frames.splice(0, have)) this.#bytes -= content.length + frameBytes
    this.#resentS = Number.NEGATIVE_INFINITY
    return true
  }

  /** All that is to be sent again: nothing right after the last time. */
  resend(nowS: number): readonly SentFrame[] {
    if (nowS - this.#resentS < resendS) return []
    this.#resentS = nowS
    return [...this.#frames]
  }
}
