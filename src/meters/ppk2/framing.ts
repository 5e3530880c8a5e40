import { counterOf } from './decode.ts'

/** Consecutive sample words. */
export interface WordRun {
  readonly words: Uint32Array
  /** Samples missing before it, modulo 64, by the counter. */
  readonly gapBefore: number
  /** The words are damaged (their counters make no sense): they hold a place in time but no reading. */
  readonly damaged: boolean
}

/** Cuts a byte stream into runs of words, whatever the chunk borders. */
export interface Framer {
  push(chunk: Uint8Array): WordRun[]
  /** Ends the stream: judges what waits by what there is. */
  flush(): WordRun[]
  /** Whole words that arrived but wait for more bytes to be judged. */
  readonly waitingWords: number
  /** Bytes thrown away while looking for the sample border. */
  readonly discardedBytes: number
}

/** Words that must count up one by one before a byte offset is believed; chance alone does that once in 64⁵. */
const syncWords = 6
/** Words looked at before a jump of the counter is judged. */
const lookahead = 8
/** Longest stretch that counts as damaged words in place; what is longer is thrown away. */
const damagedBytes = 128
/** Bytes without any sample border after which the older ones are given up. */
const searchBytes = 4096

/** What a jump of the counter means: a gap, damaged words, bytes to throw away, or not known yet. */
type Verdict =
  | { readonly kind: 'gap' }
  | { readonly kind: 'damaged'; readonly words: number }
  | { readonly kind: 'shifted'; readonly bytes: number }
  | { readonly kind: 'wait' }

/** A copy or view of the bytes from `from` on whose start can be read as 32-bit words. */
function alignedFrom(bytes: Uint8Array, from: number): Uint8Array {
  const rest = bytes.subarray(from)
  // Not slice(): on a Node Buffer that is a view.
  return rest.byteOffset % 4 === 0 ? rest : new Uint8Array(rest)
}

function wordsOf(aligned: Uint8Array): Uint32Array {
  return new Uint32Array(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length >> 2)
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/** Counter of the word that begins at any byte offset (it sits in the third byte). */
const counterAt = (bytes: Uint8Array, offset: number) => bytes[offset + 2]! >>> 2

/** First byte offset from `from` on where `syncWords` counters count up; -1 when there is none. */
function findSync(bytes: Uint8Array, from: number): number {
  const span = syncWords * 4
  for (let offset = from; offset + span <= bytes.length; offset++) {
    let at = 1
    while (at < syncWords && counterAt(bytes, offset + at * 4) === ((counterAt(bytes, offset) + at) & 63)) at++
    if (at === syncWords) return offset
  }
  return -1
}

/** How many words from the first on count up from `expected`. */
function runLength(words: Uint32Array, expected: number): number {
  let end = 0
  let counter = expected
  while (end < words.length && ((words[end]! >>> 18) & 63) === counter) {
    end++
    counter = (counter + 1) & 63
  }
  return end
}

/** Judges the words at the start of `bytes`, whose first counter is not the expected one. */
function judge(bytes: Uint8Array, words: Uint32Array, expected: number, final: boolean): Verdict {
  if (words.length < lookahead && !final) return { kind: 'wait' }
  const seen = Math.min(words.length, lookahead)
  for (let at = 1; at + 1 < seen && at <= 3; at++) {
    if (counterOf(words[at]!) !== ((expected + at) & 63)) continue
    if (counterOf(words[at + 1]!) === ((expected + at + 1) & 63)) return { kind: 'damaged', words: at }
  }
  // One jump is a gap of any length. Several gaps close together jump little in sum; shifted, random or
  // put-in bytes jump by about a whole round of the counter or more.
  let later = 0
  for (let at = 1; at < seen; at++) later += (counterOf(words[at]!) - counterOf(words[at - 1]!) - 1) & 63
  if (later === 0 || later + ((counterOf(words[0]!) - expected) & 63) < 48) return { kind: 'gap' }
  const sync = findSync(bytes, 1)
  if (sync > 0) {
    // Words in place of samples are damaged; more words than the counter went on were put in.
    const isInPlace = sync % 4 === 0 && sync <= damagedBytes && ((counterAt(bytes, sync) - expected) & 63) >= sync / 4
    if (isInPlace) return { kind: 'damaged', words: sync / 4 }
    // A foreign byte can look like the counter one or two samples back: the run begins after it.
    const back = (expected - counterAt(bytes, sync)) & 63
    return { kind: 'shifted', bytes: sync + (back <= 3 ? back * 4 : 0) }
  }
  if (final) return { kind: 'shifted', bytes: bytes.length }
  return bytes.length < searchBytes ? { kind: 'wait' } : { kind: 'shifted', bytes: bytes.length - syncWords * 4 }
}

/** Starts a framer. The first run begins at the first place where six counters count up. */
export function createFramer(): Framer {
  let carry: Uint8Array = new Uint8Array(0)
  let expected = -1
  let gap = 0
  let discardedBytes = 0

  const take = (runs: WordRun[], words: Uint32Array, damaged: boolean) => {
    runs.push({ words, gapBefore: gap, damaged })
    gap = 0
    expected = (expected + words.length) & 63
  }

  /** Finds the first sample border; returns the bytes from there on, or null when there is none yet. */
  const begin = (bytes: Uint8Array, final: boolean): Uint8Array | null => {
    let sync = findSync(bytes, 0)
    if (sync < 0 && final && bytes.length >= 4) sync = 0
    const drop = sync < 0 ? Math.max(bytes.length - searchBytes, 0) : sync
    discardedBytes += drop
    const rest = alignedFrom(bytes, drop)
    if (sync < 0) {
      carry = rest
      return null
    }
    expected = counterAt(rest, 0)
    return rest
  }

  const run = (input: Uint8Array, final: boolean): WordRun[] => {
    const runs: WordRun[] = []
    let bytes: Uint8Array | null = expected < 0 ? begin(input, final) : alignedFrom(input, 0)
    while (bytes) {
      const words = wordsOf(bytes)
      const end = runLength(words, expected)
      if (end > 0) take(runs, words.subarray(0, end), false)
      bytes = bytes.subarray(end * 4)
      if (bytes.length < 4) break
      const left = words.subarray(end)
      const verdict = judge(bytes, left, expected, final)
      if (verdict.kind === 'wait') break
      if (verdict.kind === 'gap') {
        gap = (counterOf(left[0]!) - expected) & 63
        expected = counterOf(left[0]!)
      } else if (verdict.kind === 'damaged') {
        take(runs, left.subarray(0, verdict.words), true)
        bytes = bytes.subarray(verdict.words * 4)
      } else {
        discardedBytes += verdict.bytes
        bytes = alignedFrom(bytes, verdict.bytes)
      }
    }
    if (bytes) carry = bytes
    return runs
  }

  return {
    push: (chunk) => {
      const input = carry.length === 0 ? chunk : concat(carry, chunk)
      carry = new Uint8Array(0)
      return run(input, false)
    },
    flush: () => {
      const input = carry
      carry = new Uint8Array(0)
      const runs = run(input, true)
      discardedBytes += carry.length
      carry = new Uint8Array(0)
      return runs
    },
    get waitingWords() {
      return carry.length >> 2
    },
    get discardedBytes() {
      return discardedBytes
    },
  }
}
