import type { FeatureSpec } from '../audio/feature-spec.ts'
import { fixedTables } from '../audio/fixed/tables.ts'
import type { DetectorSettings } from '../audio/stream/detector.ts'
import { valueBytes } from '../compile/arena.ts'
import type { CModel } from '../compile/c/render.ts'
import type { ManifestTensor } from '../compile/manifest.ts'

/** Codes of element types, as `firmware-bridge/runtime/bridge.h` has them. */
export const bridgeTypes: readonly string[] = ['float32', 'int8', 'uint8', 'int16', 'int32']

/** A model of a firmware. */
export interface ImageModel {
  /** Rendered for `portable`, under a name that no other model of the firmware has. */
  readonly model: CModel
  /** What people call it. */
  readonly name: string
  /** First 8 bytes of the SHA-256 of its C, as 16 hexadecimal digits. */
  readonly hash: string
  /** `m-model` of MLPerf Tiny's protocol, such as `kws01`. */
  readonly benchmark: string
  /** There the result is the mean squared difference of output and input. */
  readonly answersError: boolean
}

/** How the first model of a firmware spots words in a stream of sound. */
export interface ImageListener {
  readonly features: FeatureSpec
  /** In the order of the model's scores. */
  readonly labels: readonly string[]
  readonly settings: DetectorSettings
}

/** What a firmware is. */
export interface ImageDescription {
  readonly board: string
  readonly clockHz: number
  /** `name` of MLPerf Tiny's protocol. */
  readonly vendor: string
  readonly version: string
  readonly models: readonly ImageModel[]
  readonly listener?: ImageListener
}

/** Inputs of quantised bytes may come as float32 as well, where that takes no more than this. */
const mostFloatBytes = 4096

const cString = (text: string) =>
  `"${[...new TextEncoder().encode(text)].map((byte) => (byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`)).join('')}"`

const sumOf = (tensors: readonly ManifestTensor[]) => tensors.reduce((sum, tensor) => sum + valueBytes(tensor), 0)

function tensors(kind: string, of: readonly ManifestTensor[], index: number): string {
  const rows = of.map((tensor) => {
    const { name, dtype, offset, scale, zeroPoint } = tensor
    return `{${cString(name)}, ${bridgeTypes.indexOf(dtype)}, ${offset}, ${valueBytes(tensor)}, ${scale}, ${zeroPoint}}`
  })
  return `static const bridge_tensor ${kind}_${index}[] = {\n${rows.map((row) => `    ${row},\n`).join('')}};`
}

const layersOf = ({ manifest }: CModel) => manifest.layers.filter(({ kernel }) => kernel !== 'alias').length

function row({ model, name, hash, benchmark, answersError }: ImageModel, index: number): string {
  const { manifest } = model
  const { inputs, outputs } = manifest
  const functions = ['run', 'reset', 'run_layer'].map((what) => `${manifest.name}_${what}`)
  const sizes = [manifest.arenaBytes, sumOf(inputs), sumOf(outputs), inputs.length, outputs.length, layersOf(model)]
  const fields = [cString(name), cString(benchmark), answersError ? 1 : 0, `UINT64_C(0x${hash})`, ...sizes]
  return `    {${[...fields, `inputs_${index}`, `outputs_${index}`, ...functions].join(', ')}},`
}

function inputsRoom({ model: { manifest } }: ImageModel): number {
  const bytes = sumOf(manifest.inputs)
  const isBytes = manifest.inputs.length === 1 && /^u?int8$/.test(manifest.inputs[0]!.dtype)
  return isBytes && 4 * bytes <= mostFloatBytes ? 4 * bytes : bytes
}

/** A label without a threshold is never spotted: no score is above 1. */
const never = 2

function listenerTable({ features, labels, settings }: ImageListener): string {
  const { hop } = fixedTables(features)
  const hopS = hop / features.sampleRateHz
  const thresholds = labels.map((label) => `${Math.fround(settings.thresholds[label] ?? never)}`)
  const step = Math.max(1, Math.round(settings.stepS / hopS))
  return `static const char *const labels[] = {${labels.map(cString).join(', ')}};
static const float thresholds[] = {${thresholds.join(', ')}};
static const bridge_listener listener = {
    labels, ${labels.length}, thresholds, ${settings.smoothing}, ${step}, ${settings.refractoryS}, ${features.frameS}, ${hopS},
};
`
}

/** The C file that makes a firmware of the runtime and its models. */
export function imageSource({ board, clockHz, vendor, version, models, listener }: ImageDescription): string {
  const most = (of: (model: ImageModel) => number) => Math.max(...models.map(of))
  const headers = models.map(({ model }) => `#include "${model.manifest.name}.h"`)
  const tables = models.flatMap(({ model: { manifest } }, index) => [
    tensors('inputs', manifest.inputs, index),
    tensors('outputs', manifest.outputs, index),
  ])
  return `/* A firmware of milliwatt: its models, and room for them. */
#include "port/port.h"
#include "runtime/bridge.h"
${headers.join('\n')}

${tables.join('\n')}

${listener ? listenerTable(listener) : ''}static const bridge_model models[] = {
${models.map(row).join('\n')}
};

static uint8_t arena[${most(({ model }) => model.manifest.arenaBytes)}] __attribute__((aligned(16)));
static uint8_t inputs[${most(inputsRoom)}] __attribute__((aligned(4)));
static uint64_t layer_ticks[${most(({ model }) => Math.max(1, layersOf(model)))}];

const bridge_image bridge_this = {
    ${cString(`${board}\n${vendor}\n${version}`)}, ${cString(vendor)}, ${clockHz}, models, ${models.length},
    arena, inputs, sizeof inputs, layer_ticks, ${listener ? '&listener' : 'NULL'},
};

int main(void)
{
  port_setup();
  bridge_serve();
}
`
}
