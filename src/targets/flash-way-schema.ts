import { z } from 'zod'
import type { FlashWay } from './flash-way.ts'

const text = z.string().min(1)
const hexOf = (digits: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `must be ${digits} lower-case hex digits`)
const address = hexOf(8).describe('Address where a .bin file belongs, lower-case hex.')
const size = z.strictObject({ value: z.int().positive(), source: z.string().min(8) })
const someTexts = z.tuple([text], text)

const head = {
  source: z.string().min(8),
  byHand: text.describe('What a person does to bring the board into its bootloader.').exactOptional(),
}

/** Schema of an item of a board's `flashers`, told apart by `way`. */
export const flashWaySchema: z.ZodType<FlashWay> = z.discriminatedUnion('way', [
  z.strictObject({
    way: z.literal('uf2 volume'),
    ...head,
    familyIds: z.tuple([hexOf(8)], hexOf(8)),
    boardIds: someTexts,
    touch: z.boolean(),
    address,
  }),
  z.strictObject({
    way: z.enum(['hex volume', 'bin volume']),
    ...head,
    labels: someTexts,
    boardIds: z.array(hexOf(4)).exactOptional(),
    address,
  }),
  z.strictObject({
    way: z.literal('stm32 uart'),
    ...head,
    chipId: hexOf(4),
    address,
    pageBytes: size.exactOptional(),
  }),
  z.strictObject({
    way: z.literal('stk500v1'),
    ...head,
    signature: hexOf(6),
    pageBytes: size,
    bootloaderBytes: size,
    baudHz: size,
  }),
  z.strictObject({ way: z.literal('esptool'), ...head, chip: text, imageChipId: hexOf(4), address }),
  z.strictObject({ way: z.literal('openocd'), ...head, arguments: z.array(text).min(2), address }),
  z.strictObject({
    way: z.literal('dfu-util'),
    ...head,
    vendorId: hexOf(4),
    productId: hexOf(4),
    alternate: z.string().regex(/^\d+$/),
    address,
  }),
  z.strictObject({ way: z.literal('avrdude'), ...head, part: text, programmer: text, baudHz: size }),
  z.strictObject({ way: z.literal('bossac'), ...head, address, touch: z.boolean() }),
  z.strictObject({ way: z.enum(['sam-ba', 'j-link', 'vendor tool']), ...head }),
])
