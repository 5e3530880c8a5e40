import { planArena, valueBytes } from '../arena.ts'
import type { ManifestLayer, ManifestTensor } from '../manifest.ts'
import type { Program, Semantics, Value } from '../program.ts'
import { cComment, cIdentifier, cLines } from './c-text.ts'
import { CWriter } from './c-writer.ts'
import { type CTarget, chooseCStep } from './choose.ts'

/** How to render. */
export interface COptions {
  readonly target: CTarget
  /** Prefix of all names that the model exports, and name of its files. */
  readonly name?: string
  /** Keeps every value in a place of its own, to look at them after a run. */
  readonly keepAll?: boolean
}

/** What a model in C is: where its tensors lie in the arena, and what its layers cost. */
export interface CManifest {
  readonly name: string
  readonly semantics: Semantics
  readonly target: CTarget
  /** Offsets from the start of the arena. */
  readonly inputs: readonly ManifestTensor[]
  readonly outputs: readonly ManifestTensor[]
  readonly layers: readonly ManifestLayer[]
  readonly arenaBytes: number
  readonly arenaLowerBoundBytes: number
  /** The arena begins at a multiple of this. */
  readonly alignment: number
  readonly constantBytes: number
  /** What is kept from one run to the next, behind all else in the arena; NAME_reset sets it. */
  readonly state: { readonly offset: number; readonly bytes: number }
  /** Where the values between layers lie; a later layer may write over them. */
  readonly values: Readonly<Record<string, number>>
}

/** A model as C. */
export interface CModel {
  /** The model's own files by name: NAME.c and NAME.h. */
  readonly files: ReadonlyMap<string, string>
  /** Kernels that it includes: `kernels/KERNEL.c` of `firmware-bridge`. */
  readonly kernels: readonly string[]
  readonly manifest: CManifest
}

const alignments: Readonly<Record<CTarget, number>> = { portable: 16, native: 64 }

/** Vector loads of native kernels may reach this far beyond a value. */
const slacks: Readonly<Record<CTarget, number>> = { portable: 0, native: 64 }

const indent = (text: string) => text.replaceAll(/^/gm, '  ')

const alignTo = (bytes: number, alignment: number) => Math.ceil(bytes / alignment) * alignment

/** States one after another from an offset on, and the bytes that they begin with. */
function placeStates({ states }: Program, from: number) {
  const places = new Map<string, number>()
  let end = from
  for (const { value } of states) {
    const at = alignTo(end, 16)
    places.set(value.name, at)
    end = at + valueBytes(value)
  }
  const image = new Uint8Array(end - from)
  for (const { value, initial } of states) image.set(initial, places.get(value.name)! - from)
  return { places, end, image }
}

/** Renders a program as C99. @throws MilliwattError OP_UNSUPPORTED that names a step without C */
export function renderC(program: Program, options: COptions): CModel {
  const { target } = options
  const name = cIdentifier(options.name ?? 'model')
  const steps = program.steps.map((step) => chooseCStep(step, target))
  const arena = planArena(program, steps, options.keepAll ?? false, alignments[target])
  const statesAt = alignTo(arena.plan.bytes, alignments[target])
  const states = placeStates(program, statesAt)
  const writer = new CWriter(new Map([...arena.values, ...states.places]))
  const layers: ManifestLayer[] = []
  const calls: string[] = []
  program.steps.forEach((step, index) => {
    const made = steps[index]!
    const before = writer.constantBytes
    const alias = arena.aliased.has(step)
    if (!alias) {
      writer.begin(`layer_${index}`, arena.scratch[index]!)
      const body = made.render(writer)
      const cost = step.macs > 0 ? `, ${step.macs} multiply-accumulates` : ''
      writer.declarations.push(
        `/* ${cComment(`${step.op} "${step.name}": [${step.output.shape}] ${step.output.dtype}${cost}`)} */\nstatic void layer_${index}(uint8_t *arena)\n{\n${indent(body)}\n}`,
      )
      calls.push(`layer_${index}`)
    }
    layers.push({
      name: step.name,
      op: step.op,
      kernel: alias ? 'alias' : made.kernel,
      macs: step.macs,
      constantBytes: writer.constantBytes - before,
      outputBytes: valueBytes(step.output),
      scratchBytes: made.scratchBytes,
    })
  })
  const describe = (value: Value): ManifestTensor => {
    const { dtype, shape, scale, zeroPoint } = value
    return { name: value.name, dtype, shape, offset: writer.offsetOf(value), scale, zeroPoint }
  }
  const manifest: CManifest = {
    name,
    semantics: program.semantics,
    target,
    inputs: program.inputs.map(describe),
    outputs: program.outputs.map(describe),
    layers,
    arenaBytes: (states.end > statesAt ? states.end : arena.plan.bytes) + slacks[target],
    state: { offset: statesAt, bytes: states.end - statesAt },
    arenaLowerBoundBytes: arena.plan.lowerBound,
    alignment: alignments[target],
    constantBytes: writer.constantBytes,
    values: options.keepAll ? Object.fromEntries(arena.values) : {},
  }
  return {
    files: new Map([
      [`${name}.c`, sourceOf(name, program, writer, calls, resetOf(name, statesAt, states.image))],
      [`${name}.h`, headerOf(program, manifest)],
    ]),
    kernels: [...writer.kernels].sort(),
    manifest,
  }
}

/** The bytes with which the state begins, and the function that sets them. */
function resetOf(name: string, offset: number, image: Uint8Array): string {
  if (image.length === 0) return `void ${name}_reset(void *arena)\n{\n  (void)arena;\n}`
  const items = cLines(Array.from(image, String))
  return `static const uint8_t initial_state[] = {
${items}
};

void ${name}_reset(void *arena)
{
  memcpy((uint8_t *)arena + ${offset}, initial_state, sizeof initial_state);
}`
}

function sourceOf(name: string, program: Program, writer: CWriter, calls: readonly string[], reset: string): string {
  const { declarations } = writer
  const kernels = [...writer.kernels].sort()
  return `/*
 * ${cComment(program.name || name)}, rendered by milliwatt. Floats must round after every operation: GCC in a mode such as
 * -std=gnu99 wants -ffp-contract=off for that.
 */
#include "${name}.h"

#include "include/milliwatt.h"
${[...[...writer.includes].map((header) => `#include "include/${header}.h"`), ...kernels.map((kernel) => `#include "kernels/${kernel}.c"`)].join('\n')}

${declarations.join('\n\n')}

${reset}

#if defined(MILLIWATT_LAYERS)
void ${name}_run_layer(void *arena, int32_t layer)
{
  switch (layer) {
${calls.map((call, index) => `    case ${index}: ${call}((uint8_t *)arena); break;`).join('\n')}
  }
}
#endif

void ${name}_run(void *arena)
{
${(calls.length > 0 ? calls.map((call) => `  ${call}((uint8_t *)arena);`) : ['  (void)arena;']).join('\n')}
}
`
}

function headerOf(program: Program, manifest: CManifest): string {
  const { name } = manifest
  const upper = name.toUpperCase()
  const tensor = (kind: string) => (value: ManifestTensor, index: number) => {
    const bytes = valueBytes(value)
    return `/* ${cComment(`${value.name}: ${value.dtype} [${value.shape}], scale ${value.scale}, zero point ${value.zeroPoint}`)} */
#define ${upper}_${kind}_${index}_OFFSET ${value.offset}
#define ${upper}_${kind}_${index}_BYTES ${bytes}`
  }
  return `/*
 * ${cComment(program.name || name)}: a model in C, rendered by milliwatt. Write the inputs into the arena, run, read the outputs.
 * Inputs must be written before every run, since their place is used again.
 */
#ifndef ${upper}_H
#define ${upper}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory that the model needs, and a multiple of what its address must be. */
#define ${upper}_ARENA_BYTES ${manifest.arenaBytes}
#define ${upper}_ARENA_ALIGNMENT ${manifest.alignment}

${[...manifest.inputs.map(tensor('INPUT')), ...manifest.outputs.map(tensor('OUTPUT'))].join('\n')}

/* Sets what the model keeps from one run to the next: to be called before the first run. */
void ${name}_reset(void *arena);

/* Runs the model once. */
void ${name}_run(void *arena);

#if defined(MILLIWATT_LAYERS)
/* Runs one of its ${manifest.layers.filter(({ kernel }) => kernel !== 'alias').length} layers, the first being 0: to time them. */
void ${name}_run_layer(void *arena, int32_t layer);
#endif

#ifdef __cplusplus
}
#endif

#endif
`
}
