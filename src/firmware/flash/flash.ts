import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { FlashWay } from '../../targets/flash-way.ts'
import { type Flasher, FlashFault, type FlashJob, type FlashSession, type Verification } from './flasher.ts'

/** What is done to a board, in this order. */
export type FlashStep = 'enter' | 'erase' | 'write' | 'verify' | 'run'

/** How flashing is gone about, beside the job. */
export interface FlashOptions {
  /** How often it is begun anew where the board refuses or falls silent; never after it went away. */
  readonly attempts: number
  readonly verify: boolean
  readonly run: boolean
  readonly onStep?: (step: FlashStep) => void
}

/** A board that was flashed. */
export interface FlashResult extends Verification {
  readonly way: FlashWay['way']
  /** What answered, as words. */
  readonly found: string
  /** Steps of the attempt that succeeded. */
  readonly steps: readonly { readonly step: FlashStep; readonly seconds: number }[]
  readonly bytes: number
  readonly attempts: number
  /** Why earlier attempts failed. */
  readonly troubles: readonly string[]
  readonly started: boolean
}

/** How far an attempt came: what the board holds. */
type Reach = 'untouched' | 'partial' | 'written' | 'checked'

/** One attempt under way. */
interface Attempt {
  reach: Reach
  doneBytes: number
  /** An earlier attempt has changed the board: `reach` and `doneBytes` begin with what that left. */
  readonly isLater: boolean
  readonly steps: { step: FlashStep; seconds: number }[]
}

/**
 * Flashes a board: brings it into its bootloader, erases, writes, verifies and starts it.
 * @throws MilliwattError that tells what the board holds: BOOTLOADER_SILENT and what is wrong with image or choice (untouched),
 * FLASH_BROKEN (part of the image), FLASH_DIFFERS, FLASH_UNCHECKED, FLASH_NOT_STARTED, FLASH_INTERRUPTED
 */
export async function flash(flasher: Flasher, job: FlashJob, options: FlashOptions): Promise<FlashResult> {
  const troubles: string[] = []
  for (let left: Pick<Attempt, 'reach' | 'doneBytes'> = { reach: 'untouched', doneBytes: 0 }; ; ) {
    const attempt: Attempt = { ...left, isLater: left.reach !== 'untouched', steps: [] }
    try {
      const result = await flashOnce(flasher, job, options, attempt)
      return { ...result, steps: attempt.steps, attempts: troubles.length + 1, troubles }
    } catch (error) {
      if (!isWorthAnother(error, attempt) || troubles.length + 1 >= options.attempts || job.signal.aborted)
        throw toError(error, job, attempt, troubles)
      left = attempt
      troubles.push(messageOf(error))
      job.tell(`Attempt ${troubles.length} failed: ${messageOf(error)}. Beginning anew.`)
    }
  }
}

/** Where the bootloader itself was not reached, the flasher has already tried as often as makes sense. */
function isWorthAnother(error: unknown, { reach }: Attempt): boolean {
  return error instanceof FlashFault && error.trouble !== 'lost' && (reach === 'partial' || reach === 'written')
}

async function flashOnce(
  flasher: Flasher,
  job: FlashJob,
  options: FlashOptions,
  attempt: Attempt,
): Promise<Omit<FlashResult, 'steps' | 'attempts' | 'troubles'>> {
  const inStep = stepper(job, options, attempt)
  const watched: FlashJob = {
    ...job,
    onProgress: (done, total) => {
      if (attempt.reach === 'partial') attempt.doneBytes = done
      job.onProgress(done, total)
    },
  }
  await using session = await inStep('enter', () => flasher.enter(watched))
  const touched = <T>(act: () => Promise<T>) => {
    attempt.reach = 'partial'
    attempt.doneBytes = 0
    return act()
  }
  if (session.erase) await inStep('erase', () => touched(() => session.erase!()))
  await inStep('write', () => touched(() => session.write()))
  attempt.reach = 'written'
  const verification = options.verify
    ? await inStep('verify', () => session.verify())
    : { verified: false, how: 'not asked for' }
  attempt.reach = 'checked'
  const started = await start(session, options, inStep)
  return { ...verification, way: job.way.way, found: session.found, bytes: job.image.bytes, started }
}

/** Times a step, by the host's clock. */
type InStep = <T>(step: FlashStep, act: () => Promise<T>) => Promise<T>

function stepper({ host, signal }: FlashJob, { onStep }: FlashOptions, attempt: Attempt): InStep {
  return async (step, act) => {
    signal.throwIfAborted()
    onStep?.(step)
    const beganS = host.clock.nowS()
    const result = await act()
    attempt.steps.push({ step, seconds: host.clock.nowS() - beganS })
    return result
  }
}

/** Whether the board runs: one that cannot be told to is started by its bootloader. */
async function start(session: FlashSession, options: FlashOptions, inStep: InStep): Promise<boolean> {
  if (!session.run) return true
  if (!options.run) return false
  return inStep('run', () => session.run!())
}

/** An error of the table that says what the board holds and what to do. */
function toError(error: unknown, job: FlashJob, attempt: Attempt, troubles: readonly string[]): MilliwattError {
  const { reach } = attempt
  const where = job.port ?? job.volume ?? job.board.id
  const hand = job.way.byHand === undefined ? '' : ` By hand: ${job.way.byHand}`
  if (job.signal.aborted) return new MilliwattError('FLASH_INTERRUPTED', where, `${holds(job, attempt)}${hand}`, error)
  if (!(error instanceof FlashFault)) {
    if (isBeforehand(error, attempt)) return error
    return new MilliwattError(codes[reach], where, `${holds(job, attempt)} (${messageOf(error)})`, error)
  }
  const said = error.message.replace(/^./, (letter) => letter.toUpperCase())
  const before = troubles.length > 0 ? ` This was attempt ${troubles.length + 1}.` : ''
  const code = reach === 'written' && error.trouble === 'differs' ? 'FLASH_DIFFERS' : codes[reach]
  const state = code === 'FLASH_DIFFERS' || reach === 'untouched' ? '' : ` ${holds(job, attempt)}`
  return new MilliwattError(code, where, `${said}.${before}${state}${hand}`, error)
}

/** What flashers find out in a step that writes, before they wrote. */
const beforehandCodes: readonly string[] = ['FLASH_UNAVAILABLE', 'IMAGE_WRONG_BOARD', 'IMAGE_INVALID']

/** What is wrong was known before anything was written. */
function isBeforehand(error: unknown, { reach, doneBytes, isLater }: Attempt): error is MilliwattError {
  if (!(error instanceof MilliwattError)) return false
  return reach === 'untouched' || (doneBytes === 0 && !isLater && beforehandCodes.includes(error.code))
}

const codes = {
  untouched: 'BOOTLOADER_SILENT',
  partial: 'FLASH_BROKEN',
  written: 'FLASH_UNCHECKED',
  checked: 'FLASH_NOT_STARTED',
} as const

/** What the board holds, as a sentence. */
function holds({ image }: FlashJob, { reach, doneBytes }: Attempt): string {
  if (reach === 'untouched') return 'Nothing was written: the board holds what it held.'
  if (reach === 'partial') return `${doneBytes} of ${image.bytes} bytes were written: the board holds no whole image.`
  return reach === 'written' ? 'The whole image was written; it was not compared.' : 'The whole image is on the board.'
}
