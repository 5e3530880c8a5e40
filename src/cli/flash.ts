import { type Command, InvalidArgumentError, Option } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { type FlashResult, type FlashStep, flash } from '../firmware/flash/flash.ts'
import type { FlashPlace } from '../firmware/flash/flasher.ts'
import { boardNamed, type FlashPlan, listFlashable, prepareFlash } from '../firmware/flash/prepare.ts'
import { loadTargets } from '../targets/load.ts'
import { outputStyle, toCount } from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { emulatedText, flashedText, flashListText, stepBar } from './flash-text.ts'
import { interruptSignal } from './interrupt.ts'
import { toNumber, toPositive } from './options.ts'
import { printJson } from './print-json.ts'
import { type ProgressLine, progressLine } from './progress.ts'

/** Options of `milliwatt flash`. */
interface FlashCommandOptions extends FlashPlace {
  readonly board?: string
  readonly with?: string
  readonly address?: number
  readonly baud?: number
  readonly parity?: 'even' | 'none'
  readonly attempts: number
  readonly wait: number
  readonly verify: boolean
  readonly run: boolean
  readonly list?: boolean
  readonly json?: boolean
}

/** Parses an address. @throws InvalidArgumentError */
function toAddress(text: string): number {
  if (!/^(0x)?[0-9a-f]{1,8}$/i.test(text)) throw new InvalidArgumentError('Not an address in hex, such as 0x08000000.')
  return Number.parseInt(text, 16)
}

async function listCommand(host: Host, options: FlashCommandOptions): Promise<number> {
  const boards = await listFlashable(host, options, options.board)
  if (options.json) {
    const listed = boards.map(({ board, image, ways }) => ({
      board: board.id,
      name: board.name,
      status: board.status,
      image,
      emulator: board.emulator ?? null,
      ways: ways.map(({ way, detection }) => ({ way: way.way, ...detection })),
    }))
    await printJson({ version: 1, kind: 'milliwatt-flash-list', boards: listed })
  } else process.stdout.write(flashListText(boards, outputStyle().style))
  return exitCodes.done
}

/** Flashes with a bar for every step. */
async function flashWith(
  host: Host,
  plan: FlashPlan,
  options: FlashCommandOptions,
  progress: ProgressLine,
): Promise<FlashResult> {
  const { signal, release } = interruptSignal()
  let step: FlashStep = 'enter'
  const show = (share: number) => progress.on({ stage: stepBar(step, share), done: 0, total: 1 })
  const { port, volume, baud, parity, wait } = options
  try {
    return await flash(
      plan.flasher,
      {
        ...plan,
        host,
        ...(port === undefined ? {} : { port }),
        ...(volume === undefined ? {} : { volume }),
        ...(baud === undefined ? {} : { baudRate: baud }),
        ...(parity === undefined ? {} : { parity }),
        waitS: wait,
        signal,
        onProgress: (done, total) => show(done / total),
        tell: (line) => {
          progress.clear()
          process.stderr.write(`${line}\n`)
        },
      },
      {
        attempts: options.attempts,
        verify: options.verify,
        run: options.run,
        onStep: (next) => {
          step = next
          show(0)
        },
      },
    )
  } finally {
    progress.stop()
    release()
  }
}

/** Runs `milliwatt flash` and gives the exit code. */
async function flashCommand(host: Host, what: string | undefined, options: FlashCommandOptions): Promise<number> {
  if (options.list) return listCommand(host, options)
  const { board: id } = options
  if (what === undefined || id === undefined)
    throw new MilliwattError('USAGE', 'flash', 'Give a model or an image, and --board; --list shows the boards.')
  const board = boardNamed(await loadTargets(host), id)
  if (board.emulator !== undefined) {
    const next = `milliwatt run ${what} --on ${board.aliases?.[0] ?? board.id}`
    if (options.json) await printJson({ version: 1, kind: 'milliwatt-flash', board: board.id, needed: false, next })
    else process.stdout.write(emulatedText(board, next))
    return exitCodes.done
  }
  const plan = await prepareFlash(host, { ...options, what, board: board.id })
  const result = await flashWith(host, plan, options, progressLine())
  if (options.json) await printJson(jsonOf(plan, result, options))
  else process.stdout.write(flashedText(what, plan, result, outputStyle().style))
  return exitCodes.done
}

function jsonOf({ board, image }: FlashPlan, result: FlashResult, { port, volume }: FlashCommandOptions): object {
  const { way, found, verified, how, steps, bytes, started, attempts, troubles } = result
  return {
    version: 1,
    kind: 'milliwatt-flash',
    board: board.id,
    needed: true,
    way,
    ...(port === undefined ? {} : { port }),
    ...(volume === undefined ? {} : { volume }),
    found,
    image: {
      path: image.path,
      format: image.format,
      sha256: image.sha256,
      model: image.manifest?.model ?? null,
      toolchain: image.manifest?.toolchain ?? null,
    },
    bytes,
    verified,
    check: how,
    started,
    seconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
    attempts,
    troubles,
    steps,
  }
}

/** Adds the command `flash`. */
export function addFlashCommand(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('flash')
    .description('write firmware onto a board: a prebuilt image with a model, or a file of your own')
    .argument('[what]', 'model with a prebuilt image (kws), or a .uf2, .hex, .bin or .elf file')
    .option('--board <id>', 'board, as targets/boards calls it')
    .option('--port <path>', "the board's serial port")
    .option('--volume <folder>', "folder of the bootloader's or probe's volume; found by itself otherwise")
    .option('--with <way>', "one of the board's ways (--list); the best that can be gone otherwise")
    .option('--address <hex>', 'where a .bin file belongs', toAddress)
    .option('--baud <rate>', 'another baud rate than the usual one', toPositive)
    .addOption(new Option('--parity <parity>', 'of the serial port (stm32 uart: even)').choices(['even', 'none']))
    .option('--attempts <n>', 'how often it is begun anew where the board refuses or falls silent', toCount, 2)
    .option('--wait <s>', 'how long to wait for a bootloader that a person has to enter', toNumber, 30)
    .option('--no-verify', 'do not compare what the board holds')
    .option('--no-run', 'leave the board in its bootloader, where that is possible')
    .option('--list', 'show which boards can be flashed how, here and now')
    .option('--json', 'print the result as JSON on standard output and nothing else')
    .action(async (what: string | undefined, options: FlashCommandOptions) => {
      finish(await flashCommand(host, what, options))
    })
}
