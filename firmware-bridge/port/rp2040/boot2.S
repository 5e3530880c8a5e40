/*
 * Second stage of the boot, run by the ROM from a copy in RAM after it checked the sum (RP2040 datasheet, 2.8.1.3): makes the
 * flash readable in place by the serial read 03h, which every flash chip knows (4.10), then starts what lies behind it.
 * The last word is the CRC-32 (polynomial 04c11db7 from ffffffff, nothing reflected) of the 252 bytes before it.
 */
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .section .boot2, "ax"

  ldr r0, ssi
  movs r1, #0
  str r1, [r0, #0x08]   /* SSIENR: off while it is set up */
  movs r1, #4
  str r1, [r0, #0x14]   /* BAUDR: an even divisor, 31.25 MHz at 125 MHz */
  ldr r1, ctrlr0
  str r1, [r0, #0x00]   /* CTRLR0 */
  movs r1, #0
  str r1, [r0, #0x04]   /* CTRLR1: one word a read */
  ldr r1, spi_ctrlr0
  ldr r2, spi_ctrlr0_at
  str r1, [r0, r2]      /* SPI_CTRLR0 */
  movs r1, #1
  str r1, [r0, #0x08]   /* SSIENR: on */
  ldr r0, firmware
  ldm r0!, {r1, r2}
  msr msp, r1
  bx r2

  .align 2
ssi: .word 0x18000000
ctrlr0: .word (31 << 16) | (3 << 8)            /* one bit wide, words of 32 bits, command then read */
spi_ctrlr0: .word (0x03 << 24) | (2 << 8) | (6 << 2) /* command 03h of 8 bits, address of 24 bits */
spi_ctrlr0_at: .word 0xf4
firmware: .word 0x10000100

  .org 252
  .word 0x552838b5
