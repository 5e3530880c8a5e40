import type { DataType } from '../graph/graph.ts'
import type { Manifest, ManifestTensor } from './manifest.ts'
import { elementBytes, sizeOf } from './program.ts'

/** Types that inputs and outputs of a compiled module can have, with the range of their zero points. */
const borderTypes: Readonly<Partial<Record<DataType, readonly [number, number]>>> = {
  int4: [-8, 7],
  bool: [0, 0],
  uint16: [0, 65535],
  uint32: [0, 0],
  int64: [0, 0],
  uint64: [0, 0],
  float64: [0, 0],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  float32: [0, 0],
}

const maxRank = 32

type Unknown = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Unknown => typeof value === 'object' && value !== null
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function shapeFault(shape: unknown): string | null {
  if (!Array.isArray(shape) || shape.length > maxRank) return 'no shape'
  if (!shape.every((length) => isCount(length) && length > 0)) return `the shape [${shape.join(', ')}]`
  return Number.isSafeInteger(sizeOf(shape)) ? null : `the shape [${shape.join(', ')}]`
}

function placeFault({ dtype, shape, offset }: ManifestTensor, memoryBytes: number): string | null {
  const width = elementBytes(dtype)
  if (!isCount(offset) || offset % width !== 0) return `the offset ${offset}, which is no multiple of ${width}`
  const end = offset + sizeOf(shape) * width
  return end <= memoryBytes ? null : `bytes ${offset} to ${end} of a memory of ${memoryBytes}`
}

function tensorFault(tensor: unknown, memoryBytes: number): string | null {
  if (!isRecord(tensor) || typeof tensor.name !== 'string') return 'a tensor without a name'
  const range = Object.hasOwn(borderTypes, String(tensor.dtype)) ? borderTypes[tensor.dtype as DataType] : undefined
  const at = `tensor "${tensor.name}" with`
  if (!range) return `${at} the type ${tensor.dtype}`
  const shape = shapeFault(tensor.shape)
  if (shape) return `${at} ${shape}`
  const { scale, zeroPoint } = tensor
  if (typeof scale !== 'number' || !(scale > 0 && Number.isFinite(scale))) return `${at} the scale ${scale}`
  if (!Number.isInteger(zeroPoint) || !((zeroPoint as number) >= range[0] && (zeroPoint as number) <= range[1]))
    return `${at} the zero point ${zeroPoint}`
  const place = placeFault(tensor as unknown as ManifestTensor, memoryBytes)
  return place && `${at} ${place}`
}

function borderFault(border: unknown, kind: string, memoryBytes: number): string | null {
  if (!Array.isArray(border)) return `no list of ${kind}`
  const fault = border.map((tensor) => tensorFault(tensor, memoryBytes)).find((found) => found !== null)
  if (fault) return fault
  return new Set(border.map(({ name }) => name)).size === border.length ? null : `two ${kind} of one name`
}

const layerTexts = ['name', 'op', 'kernel']
const layerCounts = ['macs', 'constantBytes', 'outputBytes', 'scratchBytes']

function layerFault(layer: unknown, index: number): string | null {
  if (!isRecord(layer) || !layerTexts.every((field) => typeof layer[field] === 'string'))
    return `a layer ${index} without name, operator or kernel`
  const bad = layerCounts.find((field) => !isCount(layer[field]))
  return bad ? `a layer ${index} with ${bad} ${layer[bad]}` : null
}

function stateFault(state: unknown, memoryBytes: number): string | null {
  if (!isRecord(state) || !isCount(state.offset) || !isCount(state.bytes)) return 'no place of its state'
  const end = state.offset + state.bytes
  return end <= memoryBytes ? null : `state in bytes ${state.offset} to ${end} of a memory of ${memoryBytes}`
}

function headFault(manifest: Unknown): string | null {
  if (manifest.version !== 1) return `version ${manifest.version}; this milliwatt reads version 1`
  if (typeof manifest.name !== 'string') return 'no name'
  if (!['tflm', 'fp32'].includes(String(manifest.semantics))) return `the semantics ${manifest.semantics}`
  if (!['scalar', 'simd128', 'relaxed'].includes(String(manifest.simd))) return `the instructions ${manifest.simd}`
  const sizes = ['arenaBytes', 'arenaLowerBoundBytes', 'constantBytes']
  const bad = sizes.find((field) => !isCount(manifest[field]))
  return bad ? `${bad} ${manifest[bad]}` : null
}

/**
 * What is wrong with a manifest that somebody else may have written, in the words of "it has ..."; null when a module
 * with a memory of this size can be run by it.
 */
function manifestFault(manifest: unknown, memoryBytes: number): string | null {
  if (!isRecord(manifest)) return 'nothing inside'
  const { inputs, outputs, layers } = manifest
  if (!Array.isArray(layers)) return headFault(manifest) ?? 'no list of layers'
  const faults = [
    headFault(manifest),
    borderFault(inputs, 'inputs', memoryBytes),
    borderFault(outputs, 'outputs', memoryBytes),
    stateFault(manifest.state, memoryBytes),
    ...layers.map(layerFault),
  ]
  return faults.find((fault) => fault !== null) ?? null
}

/** A manifest from its section's text. @throws RangeError that says what is wrong */
export function parseManifest(text: string, memoryBytes: number): Manifest {
  const manifest: unknown = JSON.parse(text)
  const fault = manifestFault(manifest, memoryBytes)
  if (fault) throw new RangeError(`its manifest has ${fault}`)
  return manifest as Manifest
}
