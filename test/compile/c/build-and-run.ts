import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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

/** A program that runs models one after the other, inputs from the file that it is given, outputs to its standard output. */
function programOf(models: readonly CModel[], runs: readonly number[]): string {
  const kernels = new Set(models.flatMap((model) => model.kernels))
  const bodies = models.map(({ files }, index) => {
    const text = files.get('model.c')!.replaceAll(/^#include.*$/gm, '')
    return text.replaceAll(/\b(layer_|model_run|model_reset|initial_state)/g, `m${index}_$1`)
  })
  const rows = models.map(({ manifest }, index) => {
    const tensors = `${spans(manifest.inputs)}, ${spans(manifest.outputs)}`
    return `  {m${index}_model_run, m${index}_model_reset, ${manifest.arenaBytes}, ${runs[index]}, ${tensors}},`
  })
  return `#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include "include/milliwatt.h"
#include "include/loops.h"
${[...kernels].map((kernel) => `#include "kernels/${kernel}.c"`).join('\n')}
${models.map((_, index) => `void m${index}_model_run(void *arena);\nvoid m${index}_model_reset(void *arena);`).join('\n')}
${bodies.join('\n')}
typedef struct { size_t offset, bytes; } span;
static const struct { void (*run)(void *arena); void (*reset)(void *arena); size_t arena; int runs; span inputs[8], outputs[8]; } models[] = {
${rows.join('\n')}
};
int main(int argc, char **argv)
{
  FILE *in = argc > 1 ? fopen(argv[1], "rb") : NULL;
  if (!in) return 2;
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    char *arena;
    if (posix_memalign((void **)&arena, 64, models[i].arena) != 0) return 4;
    memset(arena, 85, models[i].arena);
    models[i].reset(arena);
    for (int run = 0; run < models[i].runs; run++) {
      for (const span *s = models[i].inputs; s->bytes; s++)
        if (fread(arena + s->offset, 1, s->bytes, in) != s->bytes) return 3;
      models[i].run(arena);
      for (const span *s = models[i].outputs; s->bytes; s++) fwrite(arena + s->offset, 1, s->bytes, stdout);
    }
    free(arena);
  }
  fclose(in);
  return 0;
}
`
}

/** Compiles a file of C. @throws Error with what the compiler said */
function compileFile(source: string, made: string, { flags, cc }: Build): void {
  const command = cc ?? toolPath('cc') ?? 'cc'
  const built = spawnSync(command, [...flags, '-I', bridge, '-o', made, source, '-lm'], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`${command} ${flags.join(' ')}: ${built.stderr.slice(0, 3000)}`)
}

/** Outputs of every job: per run, the bytes of all its outputs. @throws Error with what compiler or program said */
export function buildAndRun(jobs: readonly Job[], build: Build): Uint8Array[][] {
  const models = jobs.map(({ model }) => model)
  const inputBytes = models.map(({ manifest }) => manifest.inputs.reduce((sum, tensor) => sum + bytesOf(tensor), 0))
  const runs = jobs.map(({ inputs }, index) => Buffer.concat(inputs).length / inputBytes[index]!)
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-c-'))
  try {
    const [source, program, data] = ['program.c', 'program', 'in.bin'].map((name) => join(folder, name))
    writeFileSync(source!, programOf(models, runs))
    writeFileSync(data!, Buffer.concat(jobs.flatMap(({ inputs }) => inputs)))
    compileFile(source!, program!, build)
    const command = build.runner ? [build.runner, program!, data!] : [program!, data!]
    const ran = spawnSync(command[0]!, command.slice(1), { maxBuffer: 1 << 28 })
    if (ran.status !== 0) throw new Error(`${ran.signal ?? ran.status}: ${ran.stderr.toString().slice(0, 3000)}`)
    return cut(ran.stdout, models, runs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function cut(stdout: Buffer, models: readonly CModel[], runs: readonly number[]): Uint8Array[][] {
  let at = 0
  return models.map(({ manifest }, index) => {
    const bytes = manifest.outputs.reduce((sum, tensor) => sum + bytesOf(tensor), 0)
    return Array.from({ length: runs[index]! }, () => {
      at += bytes
      return Uint8Array.from(stdout.subarray(at - bytes, at))
    })
  })
}
