import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, test } from 'vitest'

/** Where things that a test may need lie (first that exists, or only what the variable names) and how to get them. */
const tools = {
  chromium: {
    variable: 'MILLIWATT_CHROMIUM',
    paths: [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    next: 'Install it (Debian: apt-get install chromium) or name it in MILLIWATT_CHROMIUM.',
  },
  cc: {
    variable: 'MILLIWATT_CC',
    paths: ['/usr/bin/cc', '/usr/local/bin/cc', '/opt/homebrew/bin/gcc'],
    next: 'Install a C compiler (Debian: apt-get install gcc) or name it in MILLIWATT_CC.',
  },
  koffi: {
    variable: 'MILLIWATT_KOFFI',
    paths: [resolve(import.meta.dirname, '../../node_modules/koffi/package.json')],
    next: 'Install it (npm install --no-save koffi) or name its package.json in MILLIWATT_KOFFI.',
  },
  'esptool-js': {
    variable: 'MILLIWATT_ESPTOOL',
    paths: [resolve(import.meta.dirname, '../../node_modules/esptool-js/package.json')],
    next: 'Install it (npm install --no-save esptool-js) or name its package.json in MILLIWATT_ESPTOOL.',
  },
  'a Vulkan loader': {
    variable: 'MILLIWATT_VULKAN_LOADER',
    paths: [
      '/usr/lib/x86_64-linux-gnu/libvulkan.so.1',
      '/usr/lib/aarch64-linux-gnu/libvulkan.so.1',
      '/usr/lib/chromium/libvulkan.so.1',
    ],
    next: 'Install it (Debian: apt-get install libvulkan1, or chromium, which brings its own).',
  },
  'software Vulkan': {
    variable: 'MILLIWATT_SOFTWARE_VULKAN',
    paths: ['/usr/lib/chromium/vk_swiftshader_icd.json'],
    next: 'Install SwiftShader (Debian: apt-get install chromium brings it) or name its driver file.',
  },
  'a compiler for 64-bit Arm': {
    variable: 'MILLIWATT_AARCH64_CC',
    paths: ['/usr/bin/aarch64-linux-gnu-gcc'],
    next: 'Install it (Debian: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross).',
  },
  'an emulator of 64-bit Arm': {
    variable: 'MILLIWATT_QEMU_AARCH64',
    paths: ['/usr/bin/qemu-aarch64-static', '/usr/bin/qemu-aarch64'],
    next: 'Install it (Debian: apt-get install qemu-user-static).',
  },
  'a compiler for Cortex-M': {
    variable: 'MILLIWATT_ARM_CC',
    paths: ['/usr/bin/arm-none-eabi-gcc'],
    next: 'Install it (Debian: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi).',
  },
  'an emulator of Cortex-M': {
    variable: 'MILLIWATT_QEMU_ARM',
    paths: ['/usr/bin/qemu-system-arm'],
    next: 'Install it (Debian: apt-get install qemu-system-arm).',
  },
  'simavr as a library': {
    variable: 'MILLIWATT_SIMAVR',
    paths: ['/usr/include/simavr'],
    next: 'Install it (Debian: apt-get install libsimavr-dev) or name its folder of headers in MILLIWATT_SIMAVR.',
  },
  'a compiler for AVR': {
    variable: 'MILLIWATT_AVR_CC',
    paths: ['/usr/bin/avr-gcc'],
    next: 'Install it (Debian: apt-get install gcc-avr avr-libc).',
  },
  avrdude: {
    variable: 'MILLIWATT_AVRDUDE',
    paths: ['/usr/bin/avrdude'],
    next: 'Install it (Debian: apt-get install avrdude).',
  },
  'the sources of optiboot': {
    variable: 'MILLIWATT_OPTIBOOT',
    paths: ['/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot/optiboot.c'],
    next: 'Install them with their compiler (Debian: apt-get install arduino-core-avr).',
  },
  arecord: {
    variable: 'MILLIWATT_ARECORD',
    paths: ['/usr/bin/arecord'],
    next: 'Install it (Debian: apt-get install alsa-utils).',
  },
  'recordings of the training data': {
    variable: 'MILLIWATT_KWS_DATA',
    paths: [resolve(import.meta.dirname, '../../../shared/data/kws')],
    next: 'Put the folder shared/data/kws beside the checkout or name it in MILLIWATT_KWS_DATA.',
  },
} as const

/** Something that a test may need and that npm does not bring. */
export type Tool = keyof typeof tools

/** Path of the tool on this machine, or null. */
export function toolPath(tool: Tool): string | null {
  const named = process.env[tools[tool].variable]
  return (named ? [named] : tools[tool].paths).find((path) => existsSync(path)) ?? null
}

/**
 * `describe` for tests that need tools. Without them they are skipped and say so by name; where `CI` is
 * `true` they fail instead, so that nothing is skipped unseen.
 */
export function needs(...wanted: readonly Tool[]): (name: string, body: () => void) => void {
  const missing = wanted.filter((tool) => toolPath(tool) === null)
  if (missing.length === 0) return describe
  if (process.env.CI !== 'true') return (name, body) => describe.skip(`${name} (needs ${missing.join(', ')})`, body)
  return (name) =>
    describe(name, () => {
      test.each(missing)('needs %s', (tool) => {
        throw new Error(`${tool} is not here. ${tools[tool].next}`)
      })
    })
}
