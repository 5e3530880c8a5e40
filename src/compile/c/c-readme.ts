import { valueBytes } from '../arena.ts'
import type { ManifestTensor } from '../manifest.ts'
import type { CManifest } from './render.ts'

/** Flash that a model takes on a core, in bytes: code and constants; null where it was not compiled. */
export interface CoreFlash {
  readonly core: string
  readonly flashBytes: number | null
}

const tensorRow = (kind: string, upper: string) => (tensor: ManifestTensor, index: number) =>
  `| ${kind} ${index} | \`${upper}_${kind.toUpperCase()}_${index}_OFFSET\` | ${valueBytes(tensor)} | ${tensor.dtype} [${tensor.shape.join(', ')}] | ${tensor.scale} | ${tensor.zeroPoint} |`

/** Page that goes with a model in C: what it takes of a board, and how firmware calls it. */
export function cReadme(manifest: CManifest, flash: readonly CoreFlash[]): string {
  const { name, arenaBytes, alignment, constantBytes, inputs, outputs, layers, semantics, state } = manifest
  const upper = name.toUpperCase()
  const macs = layers.reduce((sum, layer) => sum + layer.macs, 0)
  const rows = flash.map(({ core, flashBytes }) => `| ${core} | ${flashBytes ?? 'not compiled here'} |`)
  return `# ${name}

A model in C99, rendered by milliwatt: nothing is allocated, weights are constants, ${macs} multiply-accumulates a run,
outputs by the rules of ${semantics === 'tflm' ? "TensorFlow Lite's reference kernels" : 'float32 scales, as onnxruntime has them'}.

## What it takes

- RAM: ${arenaBytes} bytes, the arena, at a multiple of ${alignment}${state.bytes > 0 ? `; ${state.bytes} of them last from one run to the next` : ''}.
- Flash: ${constantBytes} bytes of weights and tables, and code. Both together, compiled with GCC at \`-Os\`:

| core | flash bytes |
|---|---|
${rows.join('\n')}

Cores with the DSP extension or Helium use them; \`-DMILLIWATT_PLAIN\` leaves them aside.

## How to call it

Compile \`${name}.c\`, the only file to compile, with \`-std=c99\`, or \`-std=gnu99 -ffp-contract=off\`; link \`-lm\`.

\`\`\`c
#include "${name}.h"

static uint8_t arena[${upper}_ARENA_BYTES] __attribute__((aligned(${upper}_ARENA_ALIGNMENT)));

${name}_reset(arena);                                  /* once */
memcpy(arena + ${upper}_INPUT_0_OFFSET, input, ${upper}_INPUT_0_BYTES);
${name}_run(arena);
memcpy(output, arena + ${upper}_OUTPUT_0_OFFSET, ${upper}_OUTPUT_0_BYTES);
\`\`\`

| tensor | place in the arena | bytes | type | scale | zero point |
|---|---|---|---|---|---|
${[...inputs.map(tensorRow('input', upper)), ...outputs.map(tensorRow('output', upper))].join('\n')}
`
}
