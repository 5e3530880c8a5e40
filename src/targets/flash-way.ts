import type { Sourced } from './target.ts'

/** What every way of getting firmware onto a board has. */
interface WayHead {
  readonly source: string
  /** What a person does to bring the board into its bootloader, as a sentence. */
  readonly byHand?: string
}

/** The bootloader shows a volume that takes UF2 files. */
export interface Uf2Volume extends WayHead {
  readonly way: 'uf2 volume'
  /** Families of chips, hex of eight digits, that the bootloader takes; the first is written into new files. */
  readonly familyIds: readonly [string, ...string[]]
  /** Beginnings of the "Board-ID" in INFO_UF2.TXT. */
  readonly boardIds: readonly [string, ...string[]]
  /** Opening the running board's own serial port at 1200 baud restarts it into the bootloader. */
  readonly touch: boolean
  /** Where a .bin file belongs, hex of eight digits. */
  readonly address: string
}

/** A debug probe on the board shows a volume that takes images. */
export interface ProbeVolume extends WayHead {
  readonly way: 'hex volume' | 'bin volume'
  /** Names of the volume. */
  readonly labels: readonly [string, ...string[]]
  /** First digits of the "Unique ID" in DETAILS.TXT that are this board's. */
  readonly boardIds?: readonly string[]
  /** Where a .bin file belongs, hex of eight digits. */
  readonly address: string
}

/** The STM32's bootloader in ROM, over a serial port (ST AN3155). */
export interface Stm32Uart extends WayHead {
  readonly way: 'stm32 uart'
  /** What the chip answers to "Get ID", hex of four digits. */
  readonly chipId: string
  /** Beginning of the flash, hex of eight digits. */
  readonly address: string
  /** Bytes of a page, where all are equal: only what is needed is erased then. */
  readonly pageBytes?: Sourced<number>
}

/** A bootloader for AVR that speaks version 1 of Atmel's STK500 protocol (AVR061), as optiboot. */
export interface Stk500 extends WayHead {
  readonly way: 'stk500v1'
  /** The chip's signature, hex of six digits. */
  readonly signature: string
  readonly pageBytes: Sourced<number>
  /** What the bootloader takes at the end of the flash. */
  readonly bootloaderBytes: Sourced<number>
  readonly baudHz: Sourced<number>
}

/** The ROM of Espressif's chips, over the npm package `esptool-js`. */
export interface Esptool extends WayHead {
  readonly way: 'esptool'
  /** As the package names the chip. */
  readonly chip: string
  /** What images for it hold as chip in their head, hex of four digits. */
  readonly imageChipId: string
  /** Where a .bin file belongs in the flash, hex of eight digits. */
  readonly address: string
}

/** The program openocd with a debug probe. */
export interface Openocd extends WayHead {
  readonly way: 'openocd'
  /** What it is told before it connects: scripts as `-f`, commands as `-c`. */
  readonly arguments: readonly string[]
  /** Where a .bin file belongs, hex of eight digits. */
  readonly address: string
}

/** The program dfu-util. */
export interface DfuUtil extends WayHead {
  readonly way: 'dfu-util'
  readonly vendorId: string
  readonly productId: string
  /** Alternate setting of the interface, a number. */
  readonly alternate: string
  /** Where the image belongs, hex of eight digits. */
  readonly address: string
}

/** The program avrdude. */
export interface Avrdude extends WayHead {
  readonly way: 'avrdude'
  readonly part: string
  readonly programmer: string
  readonly baudHz: Sourced<number>
}

/** The program bossac. */
export interface Bossac extends WayHead {
  readonly way: 'bossac'
  /** Bytes of the bootloader at the beginning of the flash, hex of eight digits. */
  readonly address: string
  /** As for `uf2 volume`. */
  readonly touch: boolean
}

/** A way that exists and that milliwatt does not go. */
export interface OtherWay extends WayHead {
  readonly way: 'sam-ba' | 'j-link' | 'vendor tool'
}

/** How firmware gets onto a board. */
export type FlashWay =
  | Uf2Volume
  | ProbeVolume
  | Stm32Uart
  | Stk500
  | Esptool
  | Openocd
  | DfuUtil
  | Avrdude
  | Bossac
  | OtherWay
