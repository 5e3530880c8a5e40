import { MilliwattError } from '../core/errors.ts'
import type { Segment } from '../graph/segment.ts'
import type { ModelFormat } from './format.ts'
import { onnxFormat } from './onnx/format.ts'
import { tfliteFormat } from './tflite/format.ts'

/** Every format that milliwatt reads. */
const modelFormats: readonly ModelFormat[] = [tfliteFormat, onnxFormat]

/**
 * Reads a model of any known format.
 * @param where name for messages
 * @throws MilliwattError MODEL_NOT_A_MODEL, MODEL_TRUNCATED, MODEL_ILLEGAL
 */
export function readModel(bytes: Uint8Array, where: string): Segment {
  if (bytes.length === 0) throw new MilliwattError('MODEL_TRUNCATED', where, 'It has 0 bytes.')
  const format = modelFormats.find((candidate) => candidate.detects(bytes))
  if (!format) throw new MilliwattError('MODEL_NOT_A_MODEL', where, 'Its first bytes belong to no known format.')
  return { graph: format.read(bytes, where), source: { format: format.name, bytes } }
}
