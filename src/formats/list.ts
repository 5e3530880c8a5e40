import { MilliwattError } from '../core/errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import type { ExternalFiles, ModelFormat } from './format.ts'
import { onnxFormat } from './onnx/format.ts'
import { tfliteFormat } from './tflite/format.ts'

/** Every format that milliwatt reads. */
const modelFormats: readonly ModelFormat[] = [tfliteFormat, onnxFormat]

/** Names of the files beside a model that it keeps weights in; empty for most models and for what is none. */
export function externalFilesOf(bytes: Uint8Array): readonly string[] {
  return modelFormats.find((candidate) => candidate.detects(bytes))?.externalFiles?.(bytes) ?? []
}

/** Writes a graph in the format of this name. @throws MilliwattError OP_UNSUPPORTED for graphs that it cannot say */
export function writeModel(format: string, graph: Graph): Uint8Array {
  const found = modelFormats.find(({ name }) => name === format)
  if (!found) throw new MilliwattError('OP_UNSUPPORTED', format, 'There is no writer of this format.')
  return found.write(graph)
}

/**
 * Reads a model of any known format. Weights that lie in other files come into the segment's source.
 * @param where name for messages
 * @param files the bytes of what `externalFilesOf` names
 * @throws MilliwattError MODEL_NOT_A_MODEL, MODEL_TRUNCATED, MODEL_ILLEGAL, MODEL_DATA
 */
export function readModel(bytes: Uint8Array, where: string, files: ExternalFiles = new Map()): Segment {
  if (bytes.length === 0) throw new MilliwattError('MODEL_TRUNCATED', where, 'It has 0 bytes.')
  const format = modelFormats.find((candidate) => candidate.detects(bytes))
  if (!format) throw new MilliwattError('MODEL_NOT_A_MODEL', where, 'Its first bytes belong to no known format.')
  const graph = format.read(bytes, where, files)
  return { graph, source: { format: format.name, bytes: files.size === 0 ? bytes : format.write(graph) } }
}
