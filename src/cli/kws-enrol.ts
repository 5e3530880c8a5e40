import type { Command } from 'commander'
import type { Host } from '../core/host.ts'
import { type Enrolment, enrolWord } from '../loop/enrol/enrol-word.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { progressLine } from './progress.ts'

interface EnrolCommandOptions {
  readonly model: string
  readonly variant?: readonly string[]
  readonly out?: string
  readonly noise?: readonly string[]
  readonly json?: boolean
}

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`

function lines({ folder, variants, recordings, unlike, computeS }: Enrolment, word: string): readonly string[] {
  const first = variants[0]!
  return [
    ...recordings.map(({ path, fromS, toS }, at) => {
      const found = percent(first.foundByOthers[at]!)
      const note = unlike.includes(path) ? ': unlike the others, record it again' : ''
      return `${path}: ${word} from ${fromS.toFixed(2)} to ${toS.toFixed(2)} s, the others find ${found} of its variations${note}`
    }),
    ...variants.map(
      ({ file, bytes, threshold, falseShare }) =>
        `${file}: ${bytes} bytes, threshold ${threshold.toFixed(2)}, ${percent(falseShare)} of other speech taken for ${word}`,
    ),
    `${folder}: computed in ${computeS.toFixed(1)} s; milliwatt kws --listen --model ${folder}`,
  ]
}

async function enrolCommand(
  host: Host,
  word: string,
  files: readonly string[],
  options: EnrolCommandOptions,
): Promise<number> {
  const progress = progressLine()
  const { signal, release } = interruptSignal()
  try {
    const enrolment = await enrolWord(host, {
      word,
      recordings: files,
      model: options.model,
      out: options.out ?? word,
      onProgress: progress.on,
      signal,
      ...(options.variant ? { variants: options.variant } : {}),
      ...(options.noise ? { noises: options.noise } : {}),
    })
    progress.stop()
    const text = options.json ? JSON.stringify(enrolment, null, 2) : lines(enrolment, word).join('\n')
    process.stdout.write(`${text}\n`)
    return exitCodes.done
  } finally {
    progress.stop()
    release()
  }
}

/** Adds `kws enrol` below `kws`. */
export function addKwsEnrolCommand(kws: Command, host: Host, finish: (code: number) => void): void {
  kws
    .command('enrol')
    .argument('<word>', 'what the model calls it')
    .argument('<files...>', 'WAV or FLAC files, each with the word once; five are good')
    .description('add a word of your own to a model, from a few recordings, in seconds; writes a model folder')
    .option('--model <name>', 'model with a card.json', 'kws')
    .option('--variant <name...>', 'variants to add it to (default: the most accurate one of every type)')
    .option('--noise <file...>', 'noise of the place where the word will be said')
    .option('--out <folder>', 'folder to write (default: the word)')
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async (word: string, files: readonly string[], options: EnrolCommandOptions) =>
      finish(await enrolCommand(host, word, files, options)),
    )
}
