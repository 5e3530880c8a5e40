import type { Host } from '../core/host.ts'
import type { Link } from '../core/link.ts'
import { openFiveBoard, within } from '../firmware/five-board.ts'

/** What a pin can be, by the codes of Firmata. */
const modeNames: Readonly<Record<number, string>> = { 0: 'input', 1: 'output', 2: 'analog', 3: 'pwm', 11: 'pullup' }

/** A pin of a board. */
export interface BoardPin {
  readonly pin: number
  readonly modes: readonly string[]
}

/** The pins of a board that speaks Firmata: milliwatt's firmware does, and StandardFirmata. */
export interface BoardPins extends AsyncDisposable {
  readonly firmware: string
  readonly pins: readonly BoardPin[]
  /** Makes a pin an output and sets its level. */
  set(pin: number, high: boolean): void
  /** The level that the board says a pin is set to. @throws Error when it does not answer */
  state(pin: number): Promise<number>
}

/** Longest time that an answer may take, in seconds. */
const replyS = 2

/**
 * Opens the pins of a board with johnny-five, and takes the link over.
 * @throws MilliwattError PACKAGE_MISSING, METER_WRONG when no Firmata answers, METER_LOST
 */
export async function openPins(host: Host, link: Link): Promise<BoardPins> {
  const close = () => link.close()
  try {
    const { five, board, io, firmware } = await openFiveBoard(host, link)
    const modesOf = (codes: readonly number[]) => codes.flatMap((code) => modeNames[code] ?? [])
    return {
      firmware,
      pins: io.pins.map(({ supportedModes }, pin) => ({ pin, modes: modesOf(supportedModes) })),
      set: (pin, high) => {
        const led = new five.Led({ pin, board })
        if (high) led.on()
        else led.off()
      },
      state: (pin) => {
        const answer = new Promise<number>((resolve) =>
          new five.Pin({ pin, board }).query(({ value }) => resolve(value)),
        )
        return within(host.clock, replyS, answer, `no answer about pin ${pin}`)
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
