import type { Command } from 'commander'
import type { Host } from '../core/host.ts'
import { buildBoardFirmware } from '../loop/board-firmware.ts'
import { writeOutput } from '../loop/raw-run.ts'
import { formatCount } from '../report/format.ts'
import { exitCodes } from './exit.ts'
import { addDimensions, type DimensionOptions } from './options.ts'

interface FirmwareOptions extends DimensionOptions {
  readonly board: string
  readonly out?: string
  readonly variant?: string
  readonly benchmark?: string
  readonly energy?: boolean
  readonly json?: boolean
}

async function firmwareCommand(host: Host, model: string, options: FirmwareOptions): Promise<number> {
  const { board, variant, benchmark, energy, dimensions } = options
  const built = await buildBoardFirmware(host, model, {
    board,
    dimensions,
    ...(variant === undefined ? {} : { variant }),
    ...(benchmark === undefined ? {} : { benchmark }),
    ...(energy === undefined ? {} : { energy }),
  })
  const { file, format, address, sizes, spotsWords, arenaBytes, isMetal } = built
  const path = options.out ?? `${built.model}-${built.board}.${format}`
  await writeOutput(host, host.files.resolve(path), file)
  const facts = {
    board: built.board,
    model: built.model,
    file: path,
    format,
    address,
    ...sizes,
    arenaBytes,
    spotsWords,
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ version: 1, kind: 'milliwatt-firmware', ...facts }, null, 2)}\n`)
    return exitCodes.done
  }
  process.stdout.write(`${built.model} for ${built.board}: ${path}
  flash ${formatCount(sizes.flashBytes)} bytes, RAM ${formatCount(sizes.ramBytes)} bytes, of these ${formatCount(arenaBytes)} the model's arena
  ${spotsWords ? 'spots words in sound, ' : ''}speaks milliwatt's frames, MLPerf Tiny${energy ? ' (energy mode)' : ''} and Firmata
${isMetal ? `Flash it with: milliwatt flash ${path} --board ${built.board}\n` : ''}`)
  return exitCodes.done
}

/** Adds `firmware` to the program. */
export function addFirmwareCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('firmware')
    .argument('<model>', 'an .onnx or .tflite file, or a shipped model with --variant')
    .description('build the firmware of a board with a model of your own (needs gcc-arm-none-eabi)')
    .requiredOption(
      '--board <name>',
      'a board that there is a port for: raspberry-pi-pico, nucleo-l4r5zi, qemu-m4, ...',
    )
    .option('-o, --out <file>', 'where it goes (MODEL-BOARD.uf2, .hex, .bin or .elf)')
    .option('--variant <name>', 'the variant of a shipped model')
    .option('--benchmark <name>', 'what it calls its model in the protocol of MLPerf Tiny: kws01, vww01, ic01, ad01')
    .option('--energy', "the protocol's energy mode, in which runners time by the marker pin")
    .option('--json', 'print one JSON document on standard output and nothing else')
  addDimensions(command).action(async (model: string, options: FirmwareOptions) =>
    finish(await firmwareCommand(host, model, options)),
  )
}
