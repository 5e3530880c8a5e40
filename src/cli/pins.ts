import type { Command } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { openBoardLink } from '../firmware/board-link.ts'
import { namedDevice } from '../loop/on-device.ts'
import { type BoardPins, openPins } from '../loop/pins.ts'
import { probe } from '../loop/probe.ts'
import { plainStyle, tableLines } from '../report/table.ts'
import { exitCodes } from './exit.ts'
import { interruptSignal } from './interrupt.ts'
import { toNumber, toPositive } from './options.ts'

interface PinsOptions {
  readonly on: string
  readonly high?: number
  readonly low?: number
  readonly blink?: number
  readonly times: number
  readonly json?: boolean
}

/** Half of a blink, in seconds. */
const halfS = 0.25

function checkOutput({ pins }: BoardPins, pin: number): number {
  if (pins[pin]?.modes.includes('output')) return pin
  const outputs = pins.filter(({ modes }) => modes.includes('output')).map((one) => one.pin)
  throw new MilliwattError('USAGE', `pin ${pin}`, `It is no output; outputs are: ${outputs.join(', ')}.`)
}

async function blink(host: Host, board: BoardPins, pin: number, times: number, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < 2 * times && !signal.aborted; at++) {
    board.set(pin, at % 2 === 0)
    await host.clock.sleep(halfS, signal)
  }
  board.set(pin, false)
  await board.state(pin)
}

function print({ firmware, pins }: BoardPins, json: boolean | undefined): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ version: 1, kind: 'milliwatt-pins', firmware, pins }, null, 2)}\n`)
    return
  }
  const rows = pins.map(({ pin, modes }) => [{ text: String(pin) }, { text: modes.join(', ') || 'none' }])
  const columns = [
    { title: 'pin', align: 'right' },
    { title: 'modes', align: 'left' },
  ] as const
  process.stdout.write(`${[firmware, ...tableLines({ columns, rows }, 80, plainStyle)].join('\n')}\n`)
}

async function pinsCommand(host: Host, options: PinsOptions): Promise<number> {
  const { signal, release } = interruptSignal()
  try {
    const device = await namedDevice(host, await probe(host, []), options.on)
    const { link } = await openBoardLink(host, device)
    await using board = await openPins(host, link)
    for (const [pin, high] of [
      [options.high, true],
      [options.low, false],
    ] as const) {
      if (pin === undefined) continue
      board.set(checkOutput(board, pin), high)
      await board.state(pin)
    }
    if (options.blink !== undefined) await blink(host, board, checkOutput(board, options.blink), options.times, signal)
    print(board, options.json)
    return signal.aborted ? exitCodes.interrupted : exitCodes.done
  } finally {
    release()
  }
}

/** Adds `pins` to the program. */
export function addPinsCommand(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('pins')
    .description("list, set and blink the pins of a board with milliwatt's firmware or StandardFirmata (johnny-five)")
    .requiredOption('--on <device>', 'the board: qemu-m4, an id of "milliwatt devices", or its serial port')
    .option('--high <pin>', 'set a pin high', toNumber)
    .option('--low <pin>', 'set a pin low', toNumber)
    .option('--blink <pin>', 'blink an LED', toNumber)
    .option('--times <n>', 'how often it blinks', toPositive, 5)
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async (options: PinsOptions) => finish(await pinsCommand(host, options)))
}
