import type { FlashWay } from '../../targets/flash-way.ts'
import { avrdude } from './avrdude.ts'
import { bossac } from './bossac.ts'
import { dfuUtil } from './dfu-util.ts'
import { esptool } from './esptool.ts'
import type { Flasher } from './flasher.ts'
import { openocd } from './openocd.ts'
import { probeVolume } from './probe-volume.ts'
import { stk500v1 } from './stk500v1.ts'
import { stm32Uart } from './stm32-uart.ts'
import { uf2Volume } from './uf2-volume.ts'

/** Every way that milliwatt goes. */
export const flashers: readonly Flasher[] = [
  uf2Volume,
  probeVolume,
  stm32Uart,
  stk500v1,
  esptool,
  openocd,
  dfuUtil,
  avrdude,
  bossac,
]

/** Who goes a way; null where milliwatt does not. */
export function flasherOf(way: FlashWay): Flasher | null {
  return flashers.find(({ ways }) => ways.includes(way.way)) ?? null
}
