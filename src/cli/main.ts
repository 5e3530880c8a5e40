#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { isMilliwattError, messageOf } from '../core/errors.ts'
import { nodeHost } from '../hosts/node.ts'
import { addBenchUpCommand } from './bench-up.ts'
import { addCompileCommand } from './compile.ts'
import { addConvertCommand } from './convert.ts'
import { addDevicesCommand } from './devices.ts'
import { addDutCommand } from './dut.ts'
import { addEnergyCommands } from './energy.ts'
import { exitCodeOf, exitCodes } from './exit.ts'
import { addFirmwareCommand } from './firmware.ts'
import { addFlashCommand } from './flash.ts'
import { addInspectCommand } from './inspect.ts'
import { addKwsCommand } from './kws.ts'
import { addMetersCommand } from './meters.ts'
import { addMlperfCommand } from './mlperf.ts'
import { addMonitorCommand } from './monitor.ts'
import { addPinsCommand } from './pins.ts'
import { addPlanCommand } from './plan.ts'
import { addProfileCommand } from './profile.ts'
import { addQuantizeCommand } from './quantize.ts'
import { addRunCommand } from './run.ts'
import { addTraceCommand } from './trace.ts'

const host = nodeHost()
const { version } = JSON.parse(readFileSync(join(host.packageFolder, 'package.json'), 'utf8')) as { version: string }

const finish = (code: number) => {
  process.exitCode = code
}

function buildProgram(): Command {
  const program = new Command('milliwatt')
    .description('Small neural networks on edge hardware, with a power meter in the loop.')
    .version(version)
    .showHelpAfterError('(--help lists the options)')
    .enablePositionalOptions()
    .exitOverride()
  addRunCommand(program, host, version, finish)
  addKwsCommand(program, host, version, finish)
  addInspectCommand(program, host, finish)
  addConvertCommand(program, host, finish)
  addQuantizeCommand(program, host, version, finish)
  addCompileCommand(program, host, finish)
  addProfileCommand(program, host, finish)
  addPlanCommand(program, host, version, finish)
  addTraceCommand(program, host, finish)
  addEnergyCommands(program, host, version, finish)
  addDevicesCommand(program, host, finish)
  addMonitorCommand(program, host, finish)
  addMetersCommand(program, host, finish)
  addFirmwareCommand(program, host, finish)
  addFlashCommand(program, host, finish)
  addDutCommand(program, host, finish)
  addPinsCommand(program, host, finish)
  addBenchUpCommand(program, host, finish)
  addMlperfCommand(program, host, version, finish)
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
    await buildProgram().parseAsync()
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
