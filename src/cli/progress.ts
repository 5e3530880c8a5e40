import ora from 'ora'
import type { OnProgress } from '../loop/progress.ts'

/** Words for the stages of long work. */
const stages: Readonly<Record<string, string>> = {
  probe: 'Looking at this machine',
  meter: 'Starting the meter',
  machine: 'Timing microbenchmarks on every backend and device',
  profile: 'Measuring latency of every variant on every backend',
  energy: 'Measuring energy of every candidate',
  idle: 'Measuring the idle level',
  windows: 'Measuring windows',
  layers: 'Measuring layers',
  run: 'Running inferences',
  listen: 'Listening to the validation audio, rounds',
  enrol: 'Learning the word, variants',
  report: 'Writing the report',
  record: 'Recording, seconds',
  convert: 'Converting',
  samples: 'Reading samples',
  quantize: 'Quantising, attempts',
}

/** Progress on a terminal; silent when standard error is not one. */
export interface ProgressLine {
  readonly on: OnProgress
  /** Clears the line so that something else can be printed; the next progress draws it again. */
  clear(): void
  stop(): void
}

/**
 * Starts a progress line.
 * @param stream standard error; a terminal that does not know its width (a serial console, say) gets no line,
 * since the spinner would count rows of width 0 without end
 */
export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  const isShown = stream.isTTY === true && (stream.columns ?? 0) > 0
  const spinner = ora({ stream, isEnabled: isShown, isSilent: !isShown })
  return {
    on: ({ stage, done, total }) => {
      const share = total > 1 ? ` ${done}/${total}` : ''
      spinner.start(`${stages[stage] ?? stage}${share}`)
    },
    clear: () => {
      spinner.clear()
    },
    stop: () => {
      spinner.stop()
    },
  }
}
