import type { Answer } from './scripted-port.ts'

const ack = 0x79
const nack = 0x1f

/** An STM32 as a function. */
export interface ScriptedStm32 {
  /** Its answer to one whole message. */
  answer(got: Uint8Array): Answer
  /** Its answers to bytes as they come, in whatever pieces. */
  take(bytes: Uint8Array): readonly number[]
  readonly memory: Map<number, number>
  /** What it was told to erase. */
  readonly erased: number[][]
}

/** An STM32 that does all it is told, but for what a test does otherwise: the command under way and its next answer. */
export function scriptedStm32(
  change: (command: number, answer: Answer) => Answer = (_, answer) => answer,
  eraseCommand = 0x44,
): ScriptedStm32 {
  const memory = new Map<number, number>()
  const erased: number[][] = []
  let command = 0
  let step = 0
  let address = 0
  const known = [0x31, 0x00, 0x02, 0x11, 0x21, 0x31, eraseCommand]
  const first = (): Answer => {
    if (command === 0x00) return [ack, known.length - 1, ...known, ack]
    if (command === 0x02) return [ack, 1, 0x04, 0x70, ack]
    return known.includes(command) ? [ack] : [nack]
  }
  const begin = (got: Uint8Array): Answer => {
    command = got[0]!
    step = [0x00, 0x02].includes(command) ? 0 : 1
    return first()
  }
  const later = (got: Uint8Array): Answer => {
    if (command === eraseCommand) {
      erased.push([...got])
      step = 0
      return [ack]
    }
    if (step === 1) {
      address = new DataView(got.buffer).getUint32(0)
      step = command === 0x21 ? 0 : 2
      return [ack]
    }
    step = 0
    if (command === 0x31) {
      for (const [index, byte] of got.subarray(1, -1).entries()) memory.set(address + index, byte)
      return [ack]
    }
    return [ack, ...Array.from({ length: got[0]! + 1 }, (_, index) => memory.get(address + index) ?? 0xff)]
  }
  const answer = (got: Uint8Array): Answer => {
    if (got.every((byte) => byte === 0x7f)) {
      step = 0
      return [nack]
    }
    const plain = step > 0 ? later(got) : begin(got)
    const said = change(command, plain)
    // What is refused is over: the next bytes are a command.
    if (Array.isArray(said) && said[0] === nack) step = 0
    return said
  }
  /** Bytes of the message that begins with these. */
  const lengthOf = (held: readonly number[]): number => {
    if (step === 0) return held[0] === 0x7f ? 1 : 2
    if (command === eraseCommand) return 3
    if (step === 1) return 5
    return command === 0x31 ? held[0]! + 3 : 2
  }
  const held: number[] = []
  const take = (bytes: Uint8Array): readonly number[] => {
    held.push(...bytes)
    const said: number[] = []
    while (held.length > 0 && held.length >= lengthOf(held)) {
      const next = answer(Uint8Array.from(held.splice(0, lengthOf(held))))
      if (Array.isArray(next)) said.push(...next)
    }
    return said
  }
  return { memory, erased, answer, take }
}
