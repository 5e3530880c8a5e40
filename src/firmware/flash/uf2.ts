import { MilliwattError } from '../../core/errors.ts'
import { type ImagePart, joinParts, toPages } from './image-part.ts'

/** What a UF2 file holds for one family of chips. */
export interface Uf2Image {
  /** Null where the file names no family. */
  readonly familyId: number | null
  readonly parts: readonly ImagePart[]
}

/** One block, as its header says. */
interface Uf2Block {
  readonly familyId: number | null
  readonly address: number
  readonly bytes: Uint8Array
  readonly index: number
  readonly count: number
}

const blockBytes = 512
const firstMagic = 0x0a324655
const secondMagic = 0x9e5d5157
const lastMagic = 0x0ab16f30
const headBytes = 32
const mostPayload = 476
/** A page of flash: what bootloaders write at a time. */
const pageBytes = 256
/** What they erase at a time. */
const sectorBytes = 4096
const flags = { notMainFlash: 0x1, fileContainer: 0x1000, familyId: 0x2000 } as const

/**
 * The block that picotool puts before images for RP2350 against erratum E10: of the family "absolute", numbered as one
 * of two, alone.
 */
const dummyBlock = { familyId: 0xe48bff57, address: 0x10ffff00 } as const

/**
 * Writes a UF2 file: blocks of whole pages of 256 bytes, filled with 0xff where no part says what they hold. Pages
 * missing from a sector of 4 KB are written too, but for those behind the last: the RP2040 loses them otherwise
 * (erratum RP2040-E14). The format is that of github.com/microsoft/uf2.
 * @throws MilliwattError IMAGE_INVALID for parts that overlap, or none
 */
export function writeUf2(parts: readonly ImagePart[], familyId: number): Uint8Array {
  const joined = joinParts(parts, 'UF2 image')
  if (joined.length === 0) throw invalid('UF2 image', 'It holds nothing')
  const pages = wholeSectors(joined)
  const file = new Uint8Array(pages.length * blockBytes)
  for (const [index, { address, bytes }] of pages.entries()) {
    const at = index * blockBytes
    const view = new DataView(file.buffer, at, blockBytes)
    const words = [firstMagic, secondMagic, flags.familyId, address, pageBytes, index, pages.length, familyId]
    for (const [place, word] of words.entries()) view.setUint32(4 * place, word, true)
    file.set(bytes, at + headBytes)
    view.setUint32(blockBytes - 4, lastMagic, true)
  }
  return file
}

/** Pages of the image, and those that are missing before the last from the sectors that they lie in. */
function wholeSectors(parts: readonly ImagePart[]): readonly ImagePart[] {
  const pages = new Map(toPages(parts, pageBytes).map((page) => [page.address, page]))
  const last = Math.max(...pages.keys())
  const sectors = new Set([...pages.keys()].map((page) => page - (page % sectorBytes)))
  const empty = new Uint8Array(pageBytes).fill(0xff)
  for (const sector of sectors) {
    for (let address = sector; address < Math.min(sector + sectorBytes, last); address += pageBytes)
      if (!pages.has(address)) pages.set(address, { address, bytes: empty })
  }
  return [...pages.values()].sort((a, b) => a.address - b.address)
}

/**
 * Reads a UF2 file for one family of chips.
 * @param where names the file in errors
 * @throws MilliwattError IMAGE_INVALID for what `readUf2Families` refuses, and for a file for several families
 */
export function readUf2(bytes: Uint8Array, where = 'UF2 image'): Uf2Image {
  const families = readUf2Families(bytes, where)
  if (families.length !== 1) throw invalid(where, `It holds images for ${families.length} families of chips`)
  return families[0]!
}

/**
 * Reads a UF2 file, family by family. Blocks that are not for the main flash are left out.
 * @throws MilliwattError IMAGE_INVALID for a file that is cut off, damaged, incomplete, or overlaps itself
 */
export function readUf2Families(bytes: Uint8Array, where = 'UF2 image'): readonly Uf2Image[] {
  if (bytes.length === 0) throw invalid(where, 'It is empty')
  if (bytes.length % blockBytes !== 0)
    throw invalid(where, `It has ${bytes.length} bytes, which are no whole blocks of ${blockBytes}`)
  const families = new Map<number | null, Uf2Block[]>()
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = readBlock(bytes.subarray(at, at + blockBytes), where, at / blockBytes)
    if (!block || isDummy(block)) continue
    const known = families.get(block.familyId)
    if (known) known.push(block)
    else families.set(block.familyId, [block])
  }
  if (families.size === 0) throw invalid(where, 'No block of it is for the main flash')
  return [...families].map(([familyId, blocks]) => {
    checkNumbers(blocks, where)
    return { familyId, parts: joinParts(blocks, where) }
  })
}

const isDummy = ({ familyId, address }: Uf2Block) => familyId === dummyBlock.familyId && address === dummyBlock.address

/** One block; null for one that is not for the main flash. */
function readBlock(block: Uint8Array, where: string, place: number): Uf2Block | null {
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const word = (index: number) => view.getUint32(4 * index, true)
  if (word(0) !== firstMagic || word(1) !== secondMagic || view.getUint32(blockBytes - 4, true) !== lastMagic)
    throw invalid(where, `Block ${place} does not begin and end as a UF2 block does`)
  const [flagged, address, length, index, count] = [word(2), word(3), word(4), word(5), word(6)]
  if (flagged & flags.fileContainer) throw invalid(where, `Block ${place} is of a container of files, not of an image`)
  if (flagged & flags.notMainFlash) return null
  if (length === 0 || length > mostPayload) throw invalid(where, `Block ${place} says that it holds ${length} bytes`)
  if (index >= count) throw invalid(where, `Block ${place} says that it is number ${index} of ${count}`)
  const familyId = flagged & flags.familyId ? word(7) : null
  return { familyId, address, bytes: block.slice(headBytes, headBytes + length), index, count }
}

/** Every block once, and as many as each says that there are. */
function checkNumbers(blocks: readonly Uf2Block[], where: string): void {
  const count = blocks[0]!.count
  const numbers = new Set<number>()
  for (const block of blocks) {
    if (block.count !== count) throw invalid(where, `Its blocks speak of ${count} blocks and of ${block.count}`)
    if (numbers.has(block.index)) throw invalid(where, `Block number ${block.index} is there twice`)
    numbers.add(block.index)
  }
  if (numbers.size !== count) throw invalid(where, `${numbers.size} of its ${count} blocks are there`)
}

function invalid(where: string, problem: string): MilliwattError {
  return new MilliwattError('IMAGE_INVALID', where, `${problem}.`)
}
