/** What a host asks a device under test for, by the protocol of MLPerf Tiny. */
export type Command =
  | { readonly kind: 'name' | 'timestamp' | 'profile' | 'help' | 'results' | 'db-print' }
  /** Makes the input buffer this long and empty. */
  | { readonly kind: 'db-load'; readonly bytes: number }
  /** Appends to the input buffer. */
  | { readonly kind: 'db-bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'infer'; readonly iterations: number; readonly warmups: number }

/** The sign that ends a command; no line end follows it. */
export const terminator = '%'
/** Characters that a device keeps of a command, its terminator not counted. */
export const longestCommand = 79
/** Bytes that one `db` carries: 31 fit a device's buffer with room to spare, as the official runner sends them. */
export const bytesPerCommand = 31

/** A command that cannot be carried out, in the words of the reference firmware. */
export interface CommandFault {
  readonly kind: 'fault'
  /** What the device says, without `e-[ ]`. */
  readonly text: string
  /** What is to be done in spite of it: the bytes before a wrong digit are taken. */
  readonly bytes?: Uint8Array
}

const fault = (text: string): CommandFault => ({ kind: 'fault', text })

const simple = ['name', 'timestamp', 'profile', 'help', 'results'] as const
const isSimple = (word: string): word is (typeof simple)[number] => (simple as readonly string[]).includes(word)

/** The integer that a text begins with, 0 where it begins with none, as C's `atoi` reads it. */
function toInteger(text: string): number {
  const value = Number.parseInt(text, 10)
  return Number.isNaN(value) ? 0 : value
}

function readHex(digits: string): Command | CommandFault {
  const bytes: number[] = []
  for (let at = 0; at + 1 < digits.length; at += 2) {
    const text = digits.slice(at, at + 2)
    if (!/^[\da-f]{2}$/i.test(text)) return { ...fault(`Invalid hex digit '${text}'`), bytes: Uint8Array.from(bytes) }
    bytes.push(Number.parseInt(text, 16))
  }
  // The reference spells it so, and runners may look for it.
  if (digits.length % 2 === 1) return { ...fault('Insufficent number of hex digits'), bytes: Uint8Array.from(bytes) }
  return { kind: 'db-bytes', bytes: Uint8Array.from(bytes) }
}

function readBuffer(words: readonly string[]): Command | CommandFault {
  const [first = '', second = ''] = words
  if (first === '') return fault("Command 'db' requires a subcommand")
  if (first === 'print') return { kind: 'db-print' }
  if (first !== 'load') return readHex(first)
  const bytes = toInteger(second)
  return bytes > 0 ? { kind: 'db-load', bytes } : fault("Command 'db load' must be >0 bytes")
}

function readInfer([count, warm]: readonly string[]): Command | CommandFault {
  const iterations = count === undefined ? 1 : toInteger(count)
  const warmups = warm === undefined ? 10 : toInteger(warm)
  if (iterations <= 0) return fault('Inference iterations must be >0')
  if (warmups < 0) return fault('Inference warmup must be >=0')
  return { kind: 'infer', iterations, warmups }
}

/** Reads what came before a terminator; line ends in it do not count. Never throws. */
export function readCommand(text: string): Command | CommandFault {
  const line = text.replaceAll(/[\r\n\0]/g, '')
  if (line.length > longestCommand) return fault(`Command longer than ${longestCommand} characters`)
  const [word = '', ...rest] = line.split(' ').filter((part) => part !== '')
  if (isSimple(word)) return { kind: word }
  if (word === 'db') return readBuffer(rest)
  if (word === 'infer') return readInfer(rest)
  return fault(`Unknown command: ${word}`)
}

/** The characters of a command, its terminator included. */
export function writeCommand(command: Command): string {
  switch (command.kind) {
    case 'db-print':
      return `db print${terminator}`
    case 'db-load':
      return `db load ${command.bytes}${terminator}`
    case 'db-bytes':
      return `db ${[...command.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}${terminator}`
    case 'infer':
      return `infer ${command.iterations} ${command.warmups}${terminator}`
    default:
      return command.kind + terminator
  }
}
