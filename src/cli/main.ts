#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { isMilliwattError, messageOf } from '../core/errors.ts'
import { nodeHost } from '../hosts/node.ts'
import { exitCodeOf, exitCodes } from './exit.ts'

const host = nodeHost()
const { version } = JSON.parse(readFileSync(join(host.packageFolder, 'package.json'), 'utf8')) as { version: string }

const finish = (code: number) => {
  process.exitCode = code
}

/** What adds each command, by its name. They are loaded only where they are called: the loop behind them is large. */
const commands: Readonly<Record<string, (program: Command) => Promise<void>>> = {
  run: async (program) => (await import('./run.ts')).addRunCommand(program, host, version, finish),
  kws: async (program) => (await import('./kws.ts')).addKwsCommand(program, host, version, finish),
  inspect: async (program) => (await import('./inspect.ts')).addInspectCommand(program, host, finish),
  convert: async (program) => (await import('./convert.ts')).addConvertCommand(program, host, finish),
  quantize: async (program) => (await import('./quantize.ts')).addQuantizeCommand(program, host, version, finish),
  compile: async (program) => (await import('./compile.ts')).addCompileCommand(program, host, finish),
  profile: async (program) => (await import('./profile.ts')).addProfileCommand(program, host, finish),
  plan: async (program) => (await import('./plan.ts')).addPlanCommand(program, host, version, finish),
  trace: async (program) => (await import('./trace.ts')).addTraceCommand(program, host, finish),
  energy: async (program) => (await import('./energy.ts')).addEnergyCommands(program, host, version, finish),
  devices: async (program) => (await import('./devices.ts')).addDevicesCommand(program, host, finish),
  monitor: async (program) => (await import('./monitor.ts')).addMonitorCommand(program, host, finish),
  meters: async (program) => (await import('./meters.ts')).addMetersCommand(program, host, finish),
  firmware: async (program) => (await import('./firmware.ts')).addFirmwareCommand(program, host, finish),
  flash: async (program) => (await import('./flash.ts')).addFlashCommand(program, host, finish),
  dut: async (program) => (await import('./dut.ts')).addDutCommand(program, host, finish),
  pins: async (program) => (await import('./pins.ts')).addPinsCommand(program, host, finish),
  'bench-up': async (program) => (await import('./bench-up.ts')).addBenchUpCommand(program, host, finish),
  mlperf: async (program) => (await import('./mlperf.ts')).addMlperfCommand(program, host, version, finish),
}

/** The command that is called, or all for help and for what is none. */
function wantedCommands([first = '']: readonly string[]) {
  return Object.hasOwn(commands, first) ? [commands[first]!] : Object.values(commands)
}

async function buildProgram(): Promise<Command> {
  const program = new Command('milliwatt')
    .description('Small neural networks on edge hardware, with a power meter in the loop.')
    .version(version)
    .showHelpAfterError('(--help lists the options)')
    .enablePositionalOptions()
    .exitOverride()
  for (const add of wantedCommands(process.argv.slice(2))) await add(program)
  program.addHelpText(
    'after',
    `
Exit codes: 0 done, 1 failed, 2 usage, 3 goal not met, 130 interrupted.

Examples:
  milliwatt run kws                                    the shipped clips, with the meter that is plugged in
  milliwatt run kws --input recordings/ --json         one JSON document on standard output
  milliwatt run kws --meter ppk2:/dev/ttyACM0 --supply-v 3.3 --max-latency-ms 20
  arecord -f S16_LE -r 16000 -d 3 -t raw | milliwatt run kws --input -
  milliwatt kws --listen                               keywords from the microphone, as they are said
  milliwatt run model.tflite --raw-input in.bin --raw-output out.bin
  milliwatt inspect model.tflite                       what is in it, and what runs where
  milliwatt convert model.tflite model.onnx
  milliwatt quantize model.onnx --calibrate samples/   int8, int4, pruned variants, and what each keeps and costs
  milliwatt compile model.tflite -o model.wasm
  milliwatt monitor --run kws                          a live page of the meter while a model runs
  milliwatt profile model.tflite                       time by layer
  milliwatt plan model.tflite --what-if ethos-u55-128  which layer runs where, and why
  milliwatt trace inspect report/trace.json            samples, gaps, windows, energy per inference
  milliwatt energy measure kws -o record.json          energy per inference with its uncertainty
  milliwatt energy check record.json --max-uj 700      exit code 3 unless it is shown to stay within
  milliwatt flash --list                               which boards can be flashed how, here and now
  milliwatt flash kws --board raspberry-pi-pico        a prebuilt image with a keyword spotter
  milliwatt dut --port /dev/pts/3 --model kws.tflite   this machine as an MLPerf Tiny device
  milliwatt mlperf --port /dev/ttyACM0                 throughput of a board by its own timer
  milliwatt mlperf --port /dev/ttyACM0 --meter ppk2    its energy per inference
  milliwatt devices
  milliwatt meters                                     which meters are here, and why others are not usable
  milliwatt meters lpm01a:/dev/ttyACM0 --supply-v 3.3  read one for two seconds`,
  )
  return program
}

async function main(): Promise<void> {
  try {
    const program = await buildProgram()
    await program.parseAsync()
  } catch (error) {
    if (error instanceof CommanderError) {
      finish(error.exitCode === 0 ? exitCodes.done : exitCodes.usage)
      return
    }
    const stack = process.env.MILLIWATT_DEBUG && error instanceof Error ? `\n${error.stack}` : ''
    const prefix = isMilliwattError(error) ? error.code : 'Unexpected error'
    process.stderr.write(`${prefix}: ${messageOf(error)}${stack}\n`)
    finish(exitCodeOf(error))
  }
}

await main()
