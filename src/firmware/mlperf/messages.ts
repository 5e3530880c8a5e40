/** A line that a device under test sends, by the protocol of MLPerf Tiny (`m-…` and `e-…`). */
export type Message =
  | { readonly kind: 'timestamp-mode'; readonly mode: TimestampMode }
  | { readonly kind: 'init-done' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'profile'; readonly profile: string }
  | { readonly kind: 'model'; readonly model: string }
  /** A stamp of the device's timer, which may wrap at 2³². */
  | { readonly kind: 'lap'; readonly microseconds: number }
  | { readonly kind: 'expecting'; readonly bytes: number }
  | { readonly kind: 'load-done' }
  | { readonly kind: 'buffer'; readonly bytes: readonly number[] }
  | { readonly kind: 'warmup-start'; readonly count: number }
  | { readonly kind: 'warmup-done' }
  | { readonly kind: 'infer-start'; readonly count: number }
  | { readonly kind: 'infer-done' }
  /** Outputs with three decimals. */
  | { readonly kind: 'results'; readonly values: readonly number[] }
  | { readonly kind: 'error'; readonly text: string }

/** Which message. */
export type MessageKind = Message['kind']

/** How a device stamps: text with its own timer, or a falling edge on a pin. */
export type TimestampMode = 'performance' | 'energy'

/** What a line may be: a message, one that is damaged, or text for people. */
export type ReadLine = Message | { readonly kind: 'damaged' } | { readonly kind: 'text' }

/** Messages without content. */
const plain: Readonly<Record<string, Message>> = {
  'm-timestamp-mode-performance': { kind: 'timestamp-mode', mode: 'performance' },
  'm-timestamp-mode-energy': { kind: 'timestamp-mode', mode: 'energy' },
  'm-init-done': { kind: 'init-done' },
  'm-ready': { kind: 'ready' },
  'm-load-done': { kind: 'load-done' },
  'm-warmup-done': { kind: 'warmup-done' },
  'm-infer-done': { kind: 'infer-done' },
}

const decimal = /^[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?$|^[-+]?(?:nan|inf)$/i

function toNumber(text: string): number {
  if (/nan/i.test(text)) return Number.NaN
  if (/inf/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}

function readResults(list: string): Message | null {
  const parts = list.split(',').map((part) => part.trim())
  // The reference leaves no comma at the end, other firmware does.
  if (parts.at(-1) === '') parts.pop()
  if (parts.length === 0 || !parts.every((part) => decimal.test(part))) return null
  return { kind: 'results', values: parts.map(toNumber) }
}

/** Messages with content: a pattern and what its groups mean; null when they make no sense. */
const patterns: readonly (readonly [RegExp, (content: string) => Message | null])[] = [
  [/^m-name-dut-\[([^\]]+)\]$/, (name) => ({ kind: 'name', name })],
  [/^m-profile-\[([^\]]+)\]$/, (profile) => ({ kind: 'profile', profile })],
  [/^m-model-\[([^\]]+)\]$/, (model) => ({ kind: 'model', model })],
  [/^m-lap-us-(\d{1,15})$/, (digits) => ({ kind: 'lap', microseconds: Number(digits) })],
  [/^m-\[Expecting (\d{1,9}) bytes\]$/, (digits) => ({ kind: 'expecting', bytes: Number(digits) })],
  [
    /^m-buffer-([\da-f]{2}(?:-[\da-f]{2})*)-?$/i,
    (list) => ({ kind: 'buffer', bytes: list.split('-').map((pair) => Number.parseInt(pair, 16)) }),
  ],
  [/^m-warmup-start-(\d{1,9})$/, (digits) => ({ kind: 'warmup-start', count: Number(digits) })],
  [/^m-infer-start-(\d{1,9})$/, (digits) => ({ kind: 'infer-start', count: Number(digits) })],
  [/^m-results-\[([^\]]+)\]$/, readResults],
  [/^e-\[(.*)\]$/, (text) => ({ kind: 'error', text })],
]

/** Reads one line without its end. A line that begins like a message and is none is damaged; never throws. */
export function readLine(line: string): ReadLine {
  const text = line.trim()
  const known = Object.hasOwn(plain, text) ? plain[text] : undefined
  if (known) return known
  for (const [pattern, read] of patterns) {
    const content = pattern.exec(text)?.[1]
    if (content !== undefined) return read(content) ?? { kind: 'damaged' }
  }
  return { kind: /^[me]-/.test(text) ? 'damaged' : 'text' }
}

/** A result as the reference firmware prints it: three decimals, cut off and not rounded. */
export function formatResult(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  // A number with at most three decimals, 0.29 say, must not lose its last one to binary fractions.
  const thousandths = value * 1000
  const near = Math.round(thousandths)
  const cut = Math.abs(thousandths - near) < 1e-9 * Math.max(1, Math.abs(near)) ? near : Math.trunc(thousandths)
  return (cut / 1000 + 0).toFixed(3)
}

const pair = (byte: number) => byte.toString(16).padStart(2, '0')

/** The line of a message, without its end. The inverse of `readLine`, but for results beyond their third decimal. */
export function writeMessage(message: Message): string {
  switch (message.kind) {
    case 'name':
      return `m-name-dut-[${message.name}]`
    case 'profile':
      return `m-profile-[${message.profile}]`
    case 'model':
      return `m-model-[${message.model}]`
    case 'lap':
      return `m-lap-us-${message.microseconds}`
    case 'expecting':
      return `m-[Expecting ${message.bytes} bytes]`
    case 'buffer':
      return `m-buffer-${message.bytes.map(pair).join('-')}`
    case 'warmup-start':
    case 'infer-start':
      return `m-${message.kind}-${message.count}`
    case 'results':
      return `m-results-[${message.values.map(formatResult).join(',')}]`
    case 'error':
      return `e-[${message.text}]`
    case 'timestamp-mode':
      return `m-timestamp-mode-${message.mode}`
    default:
      return `m-${message.kind}`
  }
}
