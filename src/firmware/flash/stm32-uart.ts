import { MilliwattError } from '../../core/errors.ts'
import type { Stm32Uart } from '../../targets/flash-way.ts'
import { Stm32Bootloader, stm32BlockBytes } from './an3155.ts'
import { type Flasher, FlashFault, type FlashJob, type FlashSession, type Verification } from './flasher.ts'
import { checkPlace, equalBytes, type ImagePart, toPages } from './image-part.ts'
import { ReplyPort } from './reply-port.ts'

const usualBaud = 115_200

/** Writes over the bootloader in an STM32's ROM. */
export const stm32Uart: Flasher<Stm32Uart> = {
  ways: ['stm32 uart'],
  by: 'port',
  prefers: 'hex',
  detect: async (_host, _board, way, { port }) =>
    port === undefined
      ? { state: 'lacks', why: ['give the serial port with --port', way.byHand].filter(Boolean).join('. ') }
      : { state: 'ready', why: `the ROM's bootloader behind ${port}` },
  enter,
}

async function enter(job: FlashJob<Stm32Uart>): Promise<FlashSession> {
  const { host, way, image, memory, port, signal } = job
  const address = Number.parseInt(way.address, 16)
  checkPlace(image.parts, address, memory.bytes, image.path)
  if (port === undefined) throw new MilliwattError('USAGE', way.way, 'Give the serial port with --port.')
  const parity = job.parity === 'none' ? {} : { parity: 'even' as const }
  const replies = await ReplyPort.open(host, port, { baudRate: job.baudRate ?? usualBaud, ...parity }, signal)
  try {
    const bootloader = new Stm32Bootloader(replies)
    await bootloader.connect(job.waitS, () => {
      if (job.waitS > 0 && way.byHand !== undefined) job.tell(`${way.byHand} Waiting for ${job.waitS} s.`)
    })
    const chipId = (await bootloader.readChipId()).toString(16).padStart(4, '0')
    if (chipId !== way.chipId)
      throw new MilliwattError(
        'IMAGE_WRONG_BOARD',
        port,
        `The chip there says that it is 0x${chipId}; that of ${job.board.name} is 0x${way.chipId}.`,
      )
    return sessionOf(job, bootloader, replies, address)
  } catch (error) {
    await replies[Symbol.asyncDispose]()
    throw error
  }
}

function sessionOf(
  { way, image, port, onProgress }: FlashJob<Stm32Uart>,
  bootloader: Stm32Bootloader,
  replies: ReplyPort,
  address: number,
): FlashSession {
  const blocks = toPages(image.parts, stm32BlockBytes)
  const overBlocks = async (act: (block: ImagePart) => Promise<void>) => {
    let done = 0
    for (const block of blocks) {
      await act(block)
      done += block.bytes.length
      onProgress(Math.min(done, image.bytes), image.bytes)
    }
  }
  return {
    found: `STM32 bootloader ${bootloader.version}, chip 0x${way.chipId}, at ${port}`,
    erase: async () => {
      const pages = way.pageBytes ? pageNumbers(image.parts, address, way.pageBytes.value) : null
      await unprotected(port!, () => bootloader.erase(pages, (done) => onProgress(done, pages?.length ?? 1)))
    },
    write: () => overBlocks((block) => bootloader.write(block.address, block.bytes)),
    verify: async () => {
      await overBlocks((block) => compare(bootloader, block))
      return readBack
    },
    run: async () => {
      await bootloader.go(image.parts[0]!.address)
      return true
    },
    [Symbol.asyncDispose]: () => replies[Symbol.asyncDispose](),
  }
}

const readBack: Verification = { verified: true, how: 'every byte was read back' }

async function compare(bootloader: Stm32Bootloader, { address, bytes }: ImagePart): Promise<void> {
  if (equalBytes(await bootloader.read(address, bytes.length), bytes)) return
  throw new FlashFault('differs', `the ${bytes.length} bytes at 0x${address.toString(16)} read back otherwise`)
}

/** A protected chip refuses to erase, before it did anything. */
async function unprotected(port: string, erase: () => Promise<void>): Promise<void> {
  try {
    await erase()
  } catch (error) {
    if (!(error instanceof FlashFault) || error.trouble !== 'refused') throw error
    throw new MilliwattError(
      'FLASH_UNAVAILABLE',
      port,
      `${error.message.replace(/^./, (letter) => letter.toUpperCase())}: the chip is protected against reading or writing. STM32CubeProgrammer takes the protection off, which erases the chip.`,
      error,
    )
  }
}

function pageNumbers(parts: readonly ImagePart[], base: number, pageBytes: number): readonly number[] {
  return toPages(parts, pageBytes).map(({ address }) => (address - base) / pageBytes)
}
