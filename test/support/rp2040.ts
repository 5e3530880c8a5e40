import { type RP2040, Simulator } from 'rp2040js'
import type { Link } from '../../src/core/link.ts'
import { readUf2 } from '../../src/firmware/flash/uf2.ts'
import { EmulatedLink } from './emulated-link.ts'
import { type ControlRequest, connectUsb } from './rp2040-usb-host.ts'

const flashAddress = 0x10000000
const boot2Bytes = 256
/** Where the ROM copies the second stage to: the end of the memory. */
const boot2Address = 0x20041f00
/** Of the RP2040 in UF2 files. */
export const rp2040FamilyId = 0xe48bff56
const cycleNs = 8
/** Instructions between two looks at the host. */
const sliceInstructions = 20_000
const idleNs = 1_000_000
/** Flags of the first UART; this one says that it can take no byte. */
const uartFlags = { address: 0x40034018, full: 1 << 6 }

/** An RP2040 in this process, started from a UF2 file as its ROM starts. Ends by `close`. */
export interface EmulatedPico {
  readonly mcu: RP2040
  readonly usb: Link
  readonly uart: Link
  /** Resolves when the USB host found the serial device. */
  readonly found: Promise<void>
  /** What the device answers; resolves with an empty array where it only agrees. */
  control(request: ControlRequest): Promise<Uint8Array>
  /** Resolves when the firmware called the ROM to show its bootloader. */
  readonly bootloader: Promise<void>
  close(): void
}

/** CRC-32 as the ROM computes it: polynomial 04c11db7 from ffffffff, nothing reflected (RP2040 datasheet, 2.8.1.3.1). */
function romCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  }
  return crc >>> 0
}

/** Where the stand-in for the ROM's `reset_usb_boot` lies. */
const romBootloader = 0x120
/** At 0x14 the table of functions, at 0x18 what looks one up: `ldr r0, =0x121; bx lr`; at 0x120 a jump to itself. */
const rom: readonly (readonly [number, number])[] = [
  [0x14, 0x00000100],
  [0x18, 0x00000101],
  [0x100, 0x47704800],
  [0x104, romBootloader | 1],
  [romBootloader, 0x0000e7fe],
]

function load(mcu: RP2040, uf2: Uint8Array): void {
  const image = readUf2(uf2)
  if (image.familyId !== rp2040FamilyId) throw new Error(`not for the RP2040: ${image.familyId}`)
  for (const { address, bytes } of image.parts) mcu.flash.set(bytes, address - flashAddress)
  const boot2 = mcu.flash.subarray(0, boot2Bytes)
  const sum = new DataView(boot2.buffer, boot2.byteOffset).getUint32(boot2Bytes - 4, true)
  if (romCrc32(boot2.subarray(0, boot2Bytes - 4)) !== sum)
    throw new Error('the ROM refuses the second stage: its sum is wrong')
  mcu.sram.set(boot2, boot2Address - 0x20000000)
  for (const [address, word] of rom) mcu.bootrom[address / 4] = word
  mcu.core.PC = boot2Address
  mcu.core.SP = boot2Address
}

/** Starts an emulated Pico. @throws Error where its ROM would not start the image */
export function openEmulatedPico(uf2: Uint8Array): EmulatedPico {
  const { rp2040: mcu, clock } = new Simulator()
  const silent = () => {}
  mcu.logger = { debug: silent, info: silent, warn: silent, error: silent }
  load(mcu, uf2)
  const [usb, uart] = [new EmulatedLink('rp2040:usb', wake), new EmulatedLink('rp2040:uart', wake)]
  const { found, give, request } = connectUsb(mcu, usb)
  let [closed, idle] = [false, false]
  let timer: NodeJS.Timeout | NodeJS.Immediate | null = null
  let enter!: () => void
  const bootloader = new Promise<void>((resolve) => {
    enter = resolve
  })
  const said: number[] = []
  mcu.uart[0]!.onByte = (byte) => said.push(byte)

  function wake(): void {
    if (!idle || closed) return
    idle = false
    clearTimeout(timer as NodeJS.Timeout)
    timer = setImmediate(slice)
  }

  function slice(): void {
    give()
    let waitedNs = 0
    for (let i = 0; i < sliceInstructions && waitedNs < idleNs; i++) {
      if (uart.queue.length > 0 && !(mcu.readUint32(uartFlags.address) & uartFlags.full))
        mcu.uart[0]!.feedByte(uart.queue.shift()!)
      // An interrupt that came just before the processor sleeps wakes it; the emulator alone forgets that one.
      if (mcu.core.waiting && mcu.core.checkForInterrupts()) mcu.core.waiting = false
      if (mcu.core.waiting) {
        const nextNs = Math.min(clock.nanosToNextAlarm, idleNs)
        clock.tick(nextNs)
        waitedNs += nextNs
      } else clock.tick(mcu.core.executeInstruction() * cycleNs)
    }
    if (mcu.core.PC === romBootloader) {
      enter()
      return
    }
    if (said.length > 0) uart.came(Uint8Array.from(said.splice(0)))
    if (closed) return
    idle = waitedNs >= idleNs
    timer = idle ? setTimeout(slice, 1) : setImmediate(slice)
  }
  timer = setImmediate(slice)

  const close = () => {
    closed = true
    clearTimeout(timer as NodeJS.Timeout)
    clearImmediate(timer as NodeJS.Immediate)
  }
  return { mcu, usb, uart, found, control: request, bootloader, close }
}
