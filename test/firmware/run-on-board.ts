import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildFirmware } from '../../src/firmware/build.ts'
import type { FirmwareSizes } from '../../src/firmware/elf-sizes.ts'
import { emulatorArguments, instructionsOf } from '../../src/firmware/emulator.ts'
import { readPort } from '../../src/firmware/port.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { type CProgram, cutOutputs, type Job, modelsProgram, runsOf } from '../compile/c/build-and-run.ts'
import { toolPath } from '../support/needs.ts'

/** How jobs are built for a board, and whether instructions are counted. */
export interface BoardRun {
  readonly port: string
  readonly flags: readonly string[]
  readonly count?: boolean
  /** How long the emulator may take; 240 s by default. */
  readonly timeoutS?: number
}

/** What a board made of its jobs. */
export interface BoardResult {
  /** By job and run: the bytes of all outputs. */
  readonly outputs: Uint8Array[][]
  /** By job: instructions of its last run, 0 where they were not counted. */
  readonly instructions: readonly number[]
  readonly sizes: FirmwareSizes
}

const prelude = `#include <stdint.h>
#include <stddef.h>
#include "port/port.h"
#include "semihosting.h"
static int in, out, counts;
static uint64_t began;
static int take(void *bytes, size_t count) { return semihosting_read(in, bytes, count); }
static int give(const void *bytes, size_t count) { return semihosting_write(out, bytes, count); }
static void begin_run(void) { began = port_ticks(); }
static void end_run(void)
{
  const uint64_t ticks = port_ticks() - began;
  semihosting_write(counts, &ticks, sizeof ticks);
}
void fault_handler(void) { semihosting_exit(9); }
`

const arena = (arenaBytes: number) => `static uint8_t arena[${arenaBytes}] __attribute__((aligned(64)));
static char *arena_of(size_t bytes) { return bytes <= sizeof arena ? (char *)arena : NULL; }
static void leave_arena(char *used) { (void)used; }
`

const boardMain = `
int main(void)
{
  port_setup();
  in = semihosting_open("in.bin", 0);
  out = semihosting_open("out.bin", 1);
  counts = semihosting_open("counts.bin", 1);
  const int failed = run_models();
  semihosting_exit(failed);
  return failed;
}
`

const emulatorTimeoutS = 240

/** What a program left behind in the emulator: `out.bin`, `counts.bin`, and what it takes of the board. */
interface BoardOutput {
  readonly output: Buffer
  readonly ticks: BigUint64Array
  readonly sizes: FirmwareSizes
}

/** Builds files, of which `main.c` is compiled, and runs them on `in.bin`. @throws Error with what compiler or emulator said */
async function emulate(files: CProgram, input: Uint8Array, run: BoardRun): Promise<BoardOutput> {
  const host = { ...nodeHost(), environment: { MILLIWATT_ARM_CC: toolPath('a compiler for Cortex-M')! } }
  const port = await readPort(host, run.port)
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-board-'))
  const at = (name: string) => join(folder, name)
  try {
    for (const [name, text] of files) writeFileSync(at(name), text)
    writeFileSync(at('in.bin'), input)
    const flags = [...run.flags, '-Werror']
    const sizes = await buildFirmware(
      host,
      port,
      { files: [at('main.c')], includes: [folder], flags },
      at('firmware.elf'),
    )
    const args = emulatorArguments(port, at('firmware.elf'), { count: run.count ?? false })
    // Semihosting opens files in the emulator's working folder.
    const shell = ['-c', 'cd "$0" && exec "$@"', folder, toolPath('an emulator of Cortex-M')!, ...args]
    const ran = await host.command('/bin/sh', shell, run.timeoutS ?? emulatorTimeoutS)
    if (ran?.exitCode !== 0) throw new Error(`${run.port}: ${ran ? `${ran.exitCode} ${ran.stderr}` : 'no end'}`)
    const ticks = new BigUint64Array(Uint8Array.from(readFileSync(at('counts.bin'))).buffer)
    return { output: readFileSync(at('out.bin')), ticks, sizes }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Runs a program on a board: C that defines `int run_models(void)` by take, give, begin_run and end_run, as `modelsProgram`.
 * @param files what it includes, by name
 */
export async function runProgramOnBoard(
  program: string,
  files: CProgram,
  input: Uint8Array,
  run: BoardRun,
): Promise<{ readonly output: Buffer; readonly instructions: readonly number[]; readonly sizes: FirmwareSizes }> {
  const main = `${prelude}${program}${boardMain}`
  const { output, ticks, sizes } = await emulate(new Map([...files, ['main.c', main]]), input, run)
  const port = await readPort(nodeHost(), run.port)
  const instructions = run.count ? Array.from(ticks, (count) => instructionsOf(port, Number(count))) : []
  return { output, instructions, sizes }
}

/** Builds jobs into one firmware and runs it in the emulator. @throws Error with what compiler or emulator said */
export async function runOnBoard(jobs: readonly Job[], run: BoardRun): Promise<BoardResult> {
  const models = jobs.map(({ model }) => model)
  const runs = runsOf(jobs)
  const arenaBytes = Math.max(...models.map(({ manifest }) => manifest.arenaBytes))
  const main = `${prelude}${arena(arenaBytes)}${modelsProgram(models, runs)}${boardMain}`
  const input = Buffer.concat(jobs.flatMap(({ inputs }) => inputs))
  const { output, ticks, sizes } = await emulate(new Map([['main.c', main]]), input, run)
  const port = await readPort(nodeHost(), run.port)
  let last = -1
  const instructions = runs.map((count) => {
    last += count
    return run.count ? instructionsOf(port, Number(ticks[last])) : 0
  })
  return { outputs: cutOutputs(output, models, runs), instructions, sizes }
}
