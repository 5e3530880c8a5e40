import { isMilliwattError, MilliwattError, messageOf } from '../../core/errors.ts'
import type { Graph } from '../../graph/graph.ts'
import { checkGraph } from '../../graph/spec.ts'
import type { ExternalFiles, ModelFormat } from '../format.ts'
import { quantizerFault } from './check-quantizers.ts'
import { externalLocations } from './external.ts'
import { readOnnxGraph } from './graph.ts'
import { readFields, readInteger } from './wire.ts'
import { writeOnnx } from './write.ts'

/** A ModelProto begins with field 1, the IR version, a small varint. */
function detects(bytes: Uint8Array): boolean {
  return bytes[0] === 0x08 && bytes[1] !== undefined && bytes[1] >= 3 && bytes[1] < 32
}

function readOpset(bytes: Uint8Array): readonly [string, number] {
  let domain = ''
  let version = 0
  readFields(bytes, {
    1: (reader) => {
      domain = reader.string()
    },
    2: (reader) => {
      version = readInteger(reader)
    },
  })
  if (version < 1) throw new RangeError(`operator set "${domain}" has version ${version}`)
  return [domain === 'ai.onnx' ? '' : domain, version]
}

function parse(bytes: Uint8Array, files: ExternalFiles): Graph {
  const opsets: (readonly [string, number])[] = []
  let graphBytes: Uint8Array | null = null
  readFields(bytes, {
    7: (reader) => {
      graphBytes = reader.bytes()
    },
    8: (reader) => {
      opsets.push(readOpset(reader.bytes()))
    },
  })
  // Every model since IR version 3 names its operator sets, after the graph: without them the end is missing.
  if (!graphBytes || opsets.length === 0) throw new RangeError('premature EOF')
  return readOnnxGraph(graphBytes, Object.fromEntries(opsets), files)
}

function externalFiles(bytes: Uint8Array): readonly string[] {
  try {
    return externalLocations(bytes)
  } catch {
    return []
  }
}

function read(bytes: Uint8Array, where: string, files: ExternalFiles): Graph {
  let graph: Graph
  try {
    graph = parse(bytes, files)
  } catch (error) {
    if (isMilliwattError(error)) throw error
    const code = messageOf(error).includes('premature EOF') ? 'MODEL_TRUNCATED' : 'MODEL_NOT_A_MODEL'
    throw new MilliwattError(code, where, `ONNX reader: ${messageOf(error)}.`, error)
  }
  const fault = quantizerFault(checkGraph(graph, where))
  if (fault) throw new MilliwattError('MODEL_ILLEGAL', where, `${fault[0]!.toUpperCase()}${fault.slice(1)}.`)
  return graph
}

/** ONNX (protobuf, IR version 3 and later; field numbers from the public onnx.proto). */
export const onnxFormat: ModelFormat = { name: 'onnx', detects, read, externalFiles, write: writeOnnx }
