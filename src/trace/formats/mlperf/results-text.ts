/** A window as the runner's `results.txt` states it. */
export interface PublishedWindow {
  /** Place of its first edge among the timestamps, from 0; null for the runner since round 1.3. */
  readonly edge: number | null
  /** Start in seconds, two decimals; null where it is not stated. */
  readonly startS: number | null
  readonly durationS: number | null
  readonly energyJ: number
  readonly energyPerInferenceJ: number | null
  readonly inferences: number | null
}

/** What `results.txt` says. */
export interface PublishedResults {
  readonly windows: readonly PublishedWindow[]
  readonly medianJ: number | null
}

const numberAfter = (text: string, pattern: RegExp): number | null => {
  const value = Number(pattern.exec(text)?.[1])
  return Number.isFinite(value) ? value : null
}

const micro = (value: number | null): number | null => (value === null ? null : value / 1e6)

/** Splits text at every match of a head; each part carries the head's match. */
function parts(text: string, head: RegExp): readonly { readonly match: RegExpMatchArray; readonly body: string }[] {
  const heads = [...text.matchAll(head)]
  return heads.map((match, at) => ({ match, body: text.slice(match.index, heads[at + 1]?.index ?? text.length) }))
}

/** Reads the `results.txt` of either runner; lines that it does not know are passed over. */
export function readResultsText(text: string): PublishedResults {
  const split = text.search(/Performance results for window/)
  const energyText = split === -1 ? text : text.slice(0, split)
  const performanceText = split === -1 ? '' : text.slice(split)
  const counts = new Map(
    parts(performanceText, /Performance results for window\s+(\d+)/g).map(({ match, body }) => [
      Number(match[1]),
      numberAfter(body, /#\s*Inferences\s*:\s*(\d+)/),
    ]),
  )
  const heads = /Energy data for (window|trial)\s+(\d+)(?:\s+at time\s+([\d.]+)\s+for\s+([\d.]+)\s*sec)?/g
  const windows = parts(energyText, heads).flatMap(({ match, body }): PublishedWindow[] => {
    const energyJ = micro(numberAfter(body, /Energy\s*:\s*([\d.]+)\s*uJ(?!\/)/))
    if (energyJ === null) return []
    const isWindow = match[1] === 'window'
    const number = Number(match[2])
    return [
      {
        edge: isWindow ? number - 1 : null,
        startS: match[3] === undefined ? null : Number(match[3]),
        durationS: match[4] === undefined ? numberAfter(body, /Elapsed time\s*:\s*([\d.]+)/) : Number(match[4]),
        energyJ,
        energyPerInferenceJ: micro(numberAfter(body, /Energy\/Inf\.?\s*:\s*([\d.]+)/)),
        inferences: isWindow ? (counts.get(number) ?? null) : numberAfter(body, /Inferences\s*:\s*(\d+)/),
      },
    ]
  })
  return { windows, medianJ: micro(numberAfter(text, /Median energy cost is\s+([\d.]+)\s*uJ/)) }
}

/** What the runner's `log.txt` tells beside the samples. */
export interface LogFacts {
  /** N of every `infer N`, in order. */
  readonly inferences: readonly number[]
  /** Edges in seconds. */
  readonly timestampsS: readonly number[]
  readonly supplyV: number | null
  readonly meter: string | null
  readonly dropped: { readonly packets: number; readonly of: number } | null
}

/** Reads the runner's `log.txt`, or its `script.async` for what that tells. */
export function readLog(text: string): LogFacts {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => Number(match[1]))
  const started = all(/m-infer-start-(\d+)/g)
  const dropped = /Dropped (\d+) packets out of (\d+)/.exec(text)
  const millivolts = numberAfter(text, /m-voltage-mv\[(\d+)\]/) ?? numberAfter(text, /emon voltage (\d+)/)
  return {
    inferences: started.length > 0 ? started : all(/cmd: *['"]io dut infer (\d+)/g),
    timestampsS: all(/emon: m-lap-us-(\d+)/g).map((microseconds) => microseconds / 1e6),
    supplyV: millivolts === null ? null : millivolts / 1000,
    meter: /type\[emon\]-name\[([^\]]+)\]/.exec(text)?.[1] ?? null,
    dropped: dropped && { packets: Number(dropped[1]), of: Number(dropped[2]) },
  }
}
