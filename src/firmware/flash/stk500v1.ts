import { MilliwattError } from '../../core/errors.ts'
import type { Stk500 } from '../../targets/flash-way.ts'
import { type Flasher, FlashFault, type FlashJob, type FlashSession } from './flasher.ts'
import { checkPlace, equalBytes, type ImagePart, toPages } from './image-part.ts'
import { ReplyPort } from './reply-port.ts'
import { portsOf } from './touch.ts'

/** Bytes of Atmel's application note AVR061, "STK500 Communication Protocol". */
const endOfCommand = 0x20
const inSync = 0x14
const ok = 0x10
const commands = {
  getSync: 0x30,
  leaveProgramming: 0x51,
  loadAddress: 0x55,
  programPage: 0x64,
  readPage: 0x74,
  readSignature: 0x75,
} as const
const flashMemory = 0x46

const answerS = 1
const syncS = 0.25
const syncTries = 8
const resetHoldS = 0.05
/** A bootloader begins to listen so long after the reset. */
const bootS = 0.1

/** Writes over a bootloader for AVR that speaks version 1 of the STK500 protocol, as optiboot does. */
export const stk500v1: Flasher<Stk500> = {
  ways: ['stk500v1'],
  by: 'port',
  prefers: 'hex',
  detect: async (host, board, _way, place) => {
    const port = place.port ?? (await portsOf(host, board, ['serial bridge']))[0]?.path
    if (port === undefined) return { state: 'lacks', why: 'give the serial port with --port' }
    return { state: 'ready', why: `the bootloader behind ${port}` }
  },
  enter,
}

async function enter(job: FlashJob<Stk500>): Promise<FlashSession> {
  const { host, board, way, image, memory, signal } = job
  checkPlace(image.parts, 0, memory.bytes && memory.bytes - way.bootloaderBytes.value, image.path)
  const port = job.port ?? (await portsOf(host, board, ['serial bridge']))[0]?.path
  if (port === undefined) throw new MilliwattError('USAGE', way.way, 'Give the serial port with --port.')
  const replies = await ReplyPort.open(host, port, { baudRate: job.baudRate ?? way.baudHz.value }, signal)
  try {
    await synchronize(job, replies)
    const signature = toHex(await ask(replies, [commands.readSignature], 3))
    if (signature !== way.signature)
      throw new MilliwattError(
        'IMAGE_WRONG_BOARD',
        port,
        `The chip there has the signature ${signature}; that of ${board.name} is ${way.signature}.`,
      )
    return sessionOf(job, replies, port)
  } catch (error) {
    await replies[Symbol.asyncDispose]()
    throw error
  }
}

const toHex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** Resets the board by the modem lines, else asks for it, until the bootloader answers. */
async function synchronize(job: FlashJob<Stk500>, replies: ReplyPort): Promise<void> {
  const hasLines = await reset(replies)
  if (!hasLines) job.tell(`The port has no lines that reset the board. ${job.way.byHand ?? 'Press reset.'}`)
  const tries = hasLines ? syncTries : Math.max(syncTries, Math.ceil(job.waitS / syncS))
  for (let attempt = 1; ; attempt++) {
    try {
      await replies.send(commands.getSync, endOfCommand)
      const answer = await replies.receive(2, syncS)
      await replies.drain(bootS)
      if (answer[0] === inSync && answer[1] === ok) return
      if (attempt >= tries) throw new FlashFault('silent', 'what answers is not its bootloader')
    } catch (error) {
      if (!(error instanceof FlashFault) || error.trouble === 'lost' || attempt >= tries) throw error
    }
    if (hasLines && attempt % 4 === 0) await reset(replies)
  }
}

/** False where the port has no modem lines. */
async function reset(replies: ReplyPort): Promise<boolean> {
  if (!(await replies.setLines({ dtr: false, rts: false }))) return false
  await replies.pause(resetHoldS)
  await replies.setLines({ dtr: true, rts: true })
  await replies.drain(bootS)
  return true
}

function sessionOf({ way, image, onProgress }: FlashJob<Stk500>, replies: ReplyPort, port: string): FlashSession {
  const pages = toPages(image.parts, way.pageBytes.value)
  const overPages = async (act: (page: ImagePart) => Promise<void>) => {
    let done = 0
    for (const page of pages) {
      // Addresses count words of 16 bits.
      await ask(replies, [commands.loadAddress, (page.address >> 1) & 0xff, page.address >> 9])
      await act(page)
      done += page.bytes.length
      onProgress(Math.min(done, image.bytes), image.bytes)
    }
  }
  const lengthOf = ({ bytes }: ImagePart) => [bytes.length >> 8, bytes.length & 0xff]
  return {
    found: `STK500 bootloader, signature ${way.signature}, at ${port}`,
    write: () =>
      overPages(async (page) => {
        await ask(replies, [commands.programPage, ...lengthOf(page), flashMemory, ...page.bytes])
      }),
    verify: async () => {
      await overPages(async (page) => {
        const held = await ask(replies, [commands.readPage, ...lengthOf(page), flashMemory], page.bytes.length)
        if (!equalBytes(held, page.bytes))
          throw new FlashFault('differs', `the page at 0x${page.address.toString(16)} reads back otherwise`)
      })
      return { verified: true, how: 'every byte was read back' }
    },
    run: async () => {
      await ask(replies, [commands.leaveProgramming])
      return true
    },
    [Symbol.asyncDispose]: () => replies[Symbol.asyncDispose](),
  }
}

/** Sends a command and takes its answer of so many bytes. @throws FlashFault "refused" where it is framed wrongly */
async function ask(replies: ReplyPort, command: readonly number[], count = 0): Promise<Uint8Array> {
  await replies.send(...command, endOfCommand)
  const answer = await replies.receive(count + 2, answerS)
  if (answer[0] === inSync && answer[count + 1] === ok) return answer.subarray(1, count + 1)
  throw new FlashFault('refused', `the answer to the command 0x${command[0]!.toString(16)} is damaged`)
}
