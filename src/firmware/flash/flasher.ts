import type { Host } from '../../core/host.ts'
import type { FlashWay } from '../../targets/flash-way.ts'
import type { BoardTarget } from '../../targets/target.ts'
import type { ImageFormat } from '../image-manifest.ts'
import type { FlashImage } from './image.ts'

/** Where the user says that the board is. */
export interface FlashPlace {
  /** Serial port. */
  readonly port?: string
  /** Folder of a mounted volume. */
  readonly volume?: string
}

/** The flash of a board, as far as its targets tell. */
export interface FlashMemory {
  /** Null where nothing is published. */
  readonly bytes: number | null
}

/** What one call of a flasher works with. */
export interface FlashJob<W extends FlashWay = FlashWay> extends FlashPlace {
  readonly host: Host
  readonly board: BoardTarget
  readonly memory: FlashMemory
  readonly way: W
  readonly image: FlashImage
  /** Another baud rate than the usual one. */
  readonly baudRate?: number
  /** Parity of the serial port, where the flasher has a choice; its own by default. */
  readonly parity?: 'even' | 'none'
  /** How long a person may take to bring the board into its bootloader. */
  readonly waitS: number
  readonly signal: AbortSignal
  /** Tells how much of the step under way is done. */
  readonly onProgress: (done: number, total: number) => void
  /** Tells a person something to do or to know. */
  readonly tell: (line: string) => void
}

/** Whether a flasher can be used here: at once, once the board is in its bootloader, or not; and why, as a sentence. */
export interface FlashDetection {
  readonly state: 'ready' | 'waits' | 'lacks'
  readonly why: string
}

/** How far what was written is known to be on the board. */
export interface Verification {
  /** The board's own memory was compared, byte by byte or by a checksum over all. */
  readonly verified: boolean
  /** What was done, as words. */
  readonly how: string
}

/** A board in its bootloader. Its functions are called in this order, once, and give up when the job's signal aborts. */
export interface FlashSession extends AsyncDisposable {
  /** What answered, as words. */
  readonly found: string
  /** Absent where writing erases. */
  erase?(): Promise<void>
  write(): Promise<void>
  verify(): Promise<Verification>
  /** Starts what was written; false where a person has to. Absent where the board starts it by itself. */
  run?(): Promise<boolean>
}

/**
 * One way of getting firmware onto boards. Whatever goes wrong with the board it throws as a `FlashFault`, what is wrong
 * with the image or the user's choice as MilliwattError.
 */
export interface Flasher<W extends FlashWay = FlashWay> {
  /** The ways of `targets/boards` that it goes. */
  readonly ways: readonly W['way'][]
  /** What it reaches the board by. */
  readonly by: 'volume' | 'port' | 'tool'
  /** Format of files that it passes on as they are; others it converts. */
  readonly prefers: ImageFormat
  /** Looks without disturbing: opens no port. */
  detect(host: Host, board: BoardTarget, way: W, place: FlashPlace): Promise<FlashDetection>
  /** Brings the board into its bootloader and finds out that it is the right one; writes nothing. */
  enter(job: FlashJob<W>): Promise<FlashSession>
}

/** What went wrong with a board: it went away, it does not answer, it refuses, it holds something else. */
export type FlashTrouble = 'lost' | 'silent' | 'refused' | 'differs'

/** Trouble with a board, as a sentence. `flash` makes an error of the table of it, by how far it was. */
export class FlashFault extends Error {
  readonly trouble: FlashTrouble

  constructor(trouble: FlashTrouble, message: string) {
    super(message)
    this.name = 'FlashFault'
    this.trouble = trouble
  }
}
