import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { CModel } from '../../../src/compile/c/render.ts'
import { elementBytes, sizeOf } from '../../../src/compile/program.ts'
import { toolPath } from '../../support/needs.ts'

/** A model and the bytes of its inputs, one run behind the other. */
export interface Job {
  /** Compiled under its default name. */
  readonly model: CModel
  readonly inputs: readonly Uint8Array[]
}

/** How the C is built and run. */
export interface Build {
  readonly flags: readonly string[]
  readonly cc?: string
  /** Command that runs the program, where it is not for this machine. */
  readonly runner?: string
}

const bridge = resolve(import.meta.dirname, '../../../firmware-bridge')

const bytesOf = ({ dtype, shape }: CModel['manifest']['inputs'][number]) => sizeOf(shape) * elementBytes(dtype)

const spans = (tensors: CModel['manifest']['inputs']) => {
  const rows = tensors.map((tensor) => `{${tensor.offset}, ${bytesOf(tensor)}}`)
  return `{${[...rows, '{0, 0}'].join(', ')}}`
}

/** What a program of models does its input and output by, and how it begins. */
export const hostPrelude: string = `#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include <stddef.h>
static FILE *in;
static int take(void *bytes, size_t count) { return fread(bytes, 1, count, in) == count; }
static int give(const void *bytes, size_t count) { return fwrite(bytes, 1, count, stdout) == count; }
static void begin_run(void) {}
static void end_run(void) {}
`

const hostArena = `static char *arena_of(size_t bytes)
{
  void *arena;
  return posix_memalign(&arena, 64, bytes) == 0 ? arena : NULL;
}
static void leave_arena(char *arena) { free(arena); }
`

/** Its `main`, which opens the file and runs. */
export const hostMain: string = `
int main(int argc, char **argv)
{
  in = argc > 1 ? fopen(argv[1], "rb") : NULL;
  if (!in) return 2;
  const int failed = run_models();
  fclose(in);
  return failed;
}
`

/**
 * C that runs models one after the other: `run_models`, which takes inputs and gives outputs by what the prelude defines
 * (take, give, arena_of, leave_arena, begin_run, end_run).
 */
export function modelsProgram(models: readonly CModel[], runs: readonly number[]): string {
  const kernels = new Set(models.flatMap((model) => model.kernels))
  const bodies = models.map(({ files }, index) => {
    const text = files.get('model.c')!.replaceAll(/^#include.*$/gm, '')
    return text.replaceAll(/\b(layer_|model_run|model_reset|initial_state)/g, `m${index}_$1`)
  })
  const rows = models.map(({ manifest }, index) => {
    const tensors = `${spans(manifest.inputs)}, ${spans(manifest.outputs)}`
    return `  {m${index}_model_run, m${index}_model_reset, ${manifest.arenaBytes}, ${runs[index]}, ${tensors}},`
  })
  return `#include "include/milliwatt.h"
#include "include/loops.h"
${[...kernels].map((kernel) => `#include "kernels/${kernel}.c"`).join('\n')}
${models.map((_, index) => `void m${index}_model_run(void *arena);\nvoid m${index}_model_reset(void *arena);`).join('\n')}
${bodies.join('\n')}
typedef struct { size_t offset, bytes; } span;
static const struct { void (*run)(void *arena); void (*reset)(void *arena); size_t arena; int runs; span inputs[8], outputs[8]; } models[] = {
${rows.join('\n')}
};
static int run_models(void)
{
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    char *arena = arena_of(models[i].arena);
    if (!arena) return 4;
    memset(arena, 85, models[i].arena);
    models[i].reset(arena);
    for (int run = 0; run < models[i].runs; run++) {
      for (const span *s = models[i].inputs; s->bytes; s++)
        if (!take(arena + s->offset, s->bytes)) return 3;
      begin_run();
      models[i].run(arena);
      end_run();
      for (const span *s = models[i].outputs; s->bytes; s++)
        if (!give(arena + s->offset, s->bytes)) return 5;
    }
    leave_arena(arena);
  }
  return 0;
}
`
}

/** How often each job runs: as often as its inputs last. */
export function runsOf(jobs: readonly Job[]): readonly number[] {
  return jobs.map(({ model, inputs }) => {
    const bytes = model.manifest.inputs.reduce((sum, tensor) => sum + bytesOf(tensor), 0)
    return Buffer.concat(inputs).length / bytes
  })
}

/** Compiles a file of C. @throws Error with what the compiler said */
function compileFile(source: string, made: string, { flags, cc }: Build): void {
  const command = cc ?? toolPath('cc') ?? 'cc'
  const folders = ['-I', bridge, '-I', dirname(source)]
  const built = spawnSync(command, [...flags, ...folders, '-o', made, source, '-lm'], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`${command} ${flags.join(' ')}: ${built.stderr.slice(0, 3000)}`)
}

/** A program and the files that it includes, by name; `program.c` is the one that is built. */
export type CProgram = ReadonlyMap<string, string>

/**
 * What a program prints that reads the file named by its first argument.
 * @throws Error with what compiler or program said
 */
export function runProgram(files: CProgram, input: Uint8Array, build: Build): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-c-'))
  try {
    for (const [name, text] of files) writeFileSync(join(folder, name), text)
    const [source, program, data] = ['program.c', 'program', 'in.bin'].map((name) => join(folder, name))
    writeFileSync(data!, input)
    compileFile(source!, program!, build)
    const command = build.runner ? [build.runner, program!, data!] : [program!, data!]
    const ran = spawnSync(command[0]!, command.slice(1), { maxBuffer: 1 << 28 })
    if (ran.status !== 0) throw new Error(`${ran.signal ?? ran.status}: ${ran.stderr.toString().slice(0, 3000)}`)
    return ran.stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Outputs of every job: per run, the bytes of all its outputs. @throws Error with what compiler or program said */
export function buildAndRun(jobs: readonly Job[], build: Build): Uint8Array[][] {
  const models = jobs.map(({ model }) => model)
  const runs = runsOf(jobs)
  const program = `${hostPrelude}${hostArena}${modelsProgram(models, runs)}${hostMain}`
  const input = Buffer.concat(jobs.flatMap(({ inputs }) => inputs))
  return cutOutputs(runProgram(new Map([['program.c', program]]), input, build), models, runs)
}

/** The outputs of all runs of all models, as the program gave them one after the other. */
export function cutOutputs(stdout: Buffer, models: readonly CModel[], runs: readonly number[]): Uint8Array[][] {
  let at = 0
  return models.map(({ manifest }, index) => {
    const bytes = manifest.outputs.reduce((sum, tensor) => sum + bytesOf(tensor), 0)
    return Array.from({ length: runs[index]! }, () => {
      at += bytes
      return Uint8Array.from(stdout.subarray(at - bytes, at))
    })
  })
}
