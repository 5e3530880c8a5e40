import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Host } from '../../../src/core/host.ts'
import { buildFirmware } from '../../../src/firmware/build.ts'
import { readElfParts } from '../../../src/firmware/elf-parts.ts'
import type { ImagePart } from '../../../src/firmware/flash/image-part.ts'
import { portFolder, readPort } from '../../../src/firmware/port.ts'

/** A board's port with a main of its own, for a processor that the emulator has. */
export async function buildForModel(
  host: Host,
  folder: string,
  board: string,
  main: string,
): Promise<readonly ImagePart[]> {
  const [file, elf] = [join(folder, 'main.c'), join(folder, 'model.elf')]
  writeFileSync(file, main)
  const { sources } = await readPort(host, board)
  const port = {
    version: 1,
    id: relative(portFolder(host), import.meta.dirname),
    core: 'Cortex-M0+',
    clockHz: 1,
    sources,
  } as const
  const flags = ['-O2', '-Werror', `-DBOARD="port/${board}/board.h"`]
  await buildFirmware(host, port, { files: [file], flags }, elf)
  return readElfParts(readFileSync(elf))
}
