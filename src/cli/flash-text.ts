import type { FlashResult, FlashStep } from '../firmware/flash/flash.ts'
import type { BoardWays, FlashPlan } from '../firmware/flash/prepare.ts'
import { formatTime } from '../report/format.ts'
import type { TextStyle } from '../report/table.ts'
import type { BoardTarget } from '../targets/target.ts'

const stepWords: Readonly<Record<FlashStep, string>> = {
  enter: 'Looking for the bootloader',
  erase: 'Erasing',
  write: 'Writing',
  verify: 'Verifying',
  run: 'Starting the board',
}

const barLength = 24

/** A bar for the step under way; a step that does not tell how far it is has none. */
export function stepBar(step: FlashStep, share: number): string {
  if (share <= 0) return stepWords[step]
  const full = Math.round(Math.min(1, share) * barLength)
  return `${stepWords[step]} [${'#'.repeat(full)}${' '.repeat(barLength - full)}] ${Math.round(100 * Math.min(1, share))} %`
}

const count = (value: number) => value.toLocaleString('en-US')

/** What was done to a board. */
export function flashedText(
  what: string,
  { board, image }: FlashPlan,
  { way, found, bytes, steps, verified, how, started, troubles }: FlashResult,
  style: TextStyle,
): string {
  const taken = steps.map(({ step, seconds }) => `${step} ${formatTime(seconds)}`).join(', ')
  const lines = [
    style.strong(`${board.name}: ${what}, ${count(bytes)} bytes over ${way}`),
    `  board    ${found}`,
    `  image    ${image.path}, SHA-256 ${image.sha256.slice(0, 16)}…`,
    `  steps    ${taken}`,
    ...troubles.map((trouble, index) => `  attempt ${index + 1} failed: ${trouble}`),
    `  verified ${verified ? style.good('yes') : style.warn('no')}: ${how}`,
    started ? '  started' : style.warn('  not started: reset the board, or plug it in again'),
  ]
  return `${lines.join('\n')}\n`
}

/** That an emulated board needs no flashing. */
export function emulatedText({ name, emulator }: BoardTarget, next: string): string {
  return `${name} is emulated by ${emulator}, which loads the firmware itself: nothing has to be flashed.\nNext: ${next}\n`
}

/** Boards and the ways to flash them. */
export function flashListText(boards: readonly BoardWays[], style: TextStyle): string {
  const blocks = boards.map(({ board, image, ways }) => {
    const held = image === null ? '' : `; prebuilt image: ${image}`
    const head = `${style.strong(board.id)}  ${board.name} (${board.status}${held})`
    if (board.emulator !== undefined) return `${head}\n  nothing to flash: ${board.emulator} runs it`
    return [
      head,
      ...ways.map(({ way, detection }) => `  ${way.way}: ${stateWords[detection.state]}${detection.why}`),
    ].join('\n')
  })
  return `${blocks.join('\n')}\n`
}

const stateWords = { ready: 'ready, ', waits: 'once it is in its bootloader; ', lacks: 'not now, ' } as const
