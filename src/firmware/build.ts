import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { coreFlags } from './cores.ts'
import { elfSizes, type FirmwareSizes } from './elf-sizes.ts'
import { type Port, portFolder } from './port.ts'

/** The compiler for Arm's microcontrollers; MILLIWATT_ARM_CC names another. */
function armCompiler(host: Host): string {
  return host.environment.MILLIWATT_ARM_CC ?? 'arm-none-eabi-gcc'
}

/** What the compiler calls itself, such as `arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205`; empty where there is none. */
export async function compilerVersion(host: Host): Promise<string> {
  const result = await host.command(armCompiler(host), ['--version'], 10)
  return result?.stdout.split('\n')[0]?.trim() ?? ''
}

/** Floats round after every operation, which bit-exactness needs; what nothing calls is left out. */
const alwaysFlags: readonly string[] = [
  '-std=gnu99',
  '-ffp-contract=off',
  '-ffunction-sections',
  '-fdata-sections',
  '-fno-common',
  '-Wall',
  '-Wextra',
]

const linkFlags: readonly string[] = ['-nostartfiles', '--specs=nano.specs', '-Wl,--gc-sections']

const buildTimeoutS = 300

/** What firmware is made of besides its port. */
export interface FirmwareSources {
  /** C files. */
  readonly files: readonly string[]
  readonly includes?: readonly string[]
  /** How far to optimise, such as `-Os`, and macros. */
  readonly flags: readonly string[]
}

/** Calls the compiler for a core. @throws MilliwattError FIRMWARE_BUILD with what it said */
async function compile(host: Host, core: string, args: readonly string[]): Promise<void> {
  const flags = coreFlags(core)
  if (!flags) throw new MilliwattError('FIRMWARE_BUILD', core, 'Nothing here builds for this core.')
  const command = armCompiler(host)
  const result = await host.command(command, [...alwaysFlags, ...flags, ...args], buildTimeoutS)
  if (result?.exitCode === 0) return
  const said = result
    ? result.stderr.trim().split('\n').slice(0, 12).join('\n')
    : 'It is not installed, or did not end.'
  throw new MilliwattError('FIRMWARE_BUILD', core, `${command}: ${said}`)
}

/**
 * What a C file that stands for itself, such as a model, takes of a board with this core: its code and its constants.
 * @param object where the compiled file is left
 * @throws MilliwattError FIRMWARE_BUILD with what the compiler said
 */
export async function measureObject(
  host: Host,
  core: string,
  source: string,
  object: string,
  flags: readonly string[],
): Promise<FirmwareSizes> {
  await compile(host, core, [...flags, '-c', '-o', object, source])
  return elfSizes(await host.files.readBytes(object))
}

/**
 * Builds firmware for a board into an ELF file: the port, and what is given. Returns what it takes of the board.
 * @throws MilliwattError FIRMWARE_BUILD with what the compiler said
 */
export async function buildFirmware(
  host: Host,
  port: Port,
  { files, includes = [], flags }: FirmwareSources,
  elf: string,
): Promise<FirmwareSizes> {
  const { join } = host.files
  const ports = portFolder(host)
  const own = join(ports, port.id)
  const bridge = join(host.packageFolder, 'firmware-bridge')
  const folders = [own, join(ports, 'cortex-m'), bridge, ...includes]
  const sources = [...port.sources.map((path) => join(ports, ...path.split('/'))), ...files]
  const script = ['-L', own, '-T', join(ports, 'cortex-m', 'cortex-m.ld')]
  const args = [...flags, ...folders.flatMap((folder) => ['-I', folder]), ...linkFlags, ...script, '-o', elf]
  await compile(host, port.core, [...args, ...sources, '-lm'])
  return elfSizes(await host.files.readBytes(elf))
}
