import { compileC } from '../compile/c/compile-c.ts'
import { viewTensor } from '../compile/instantiate.ts'
import { isCompiled } from '../compile/lower/lower.ts'
import type { ManifestLayer } from '../compile/manifest.ts'
import type { Device } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { DeviceTensor } from '../firmware/bridge/client.ts'
import { modelHash } from '../firmware/bridge-image.ts'
import type { DataType } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import { isStateful } from '../graph/stateful.ts'
import { type Backend, type Executable, segmentSpecs, type TensorSpec, type TensorValue } from './backend.ts'
import type { BoardModel } from './board-connection.ts'
import { type BoardUse, useBoard } from './board-use.ts'
import { semanticsOf } from './compiled.ts'
import { loweredWork } from './lowered-work.ts'
import { layerProfile } from './profile-layers.ts'

const name = 'board'

type Tensors = Readonly<Record<string, TensorValue>>

/** Elements of all inputs, one after another as the board has them. @throws MilliwattError INPUT_SHAPE */
function toBytes(specs: readonly TensorSpec[], tensors: readonly DeviceTensor[], inputs: Tensors): Uint8Array {
  const bytes = new Uint8Array(tensors.reduce((sum, { byteCount }) => sum + byteCount, 0))
  let at = 0
  tensors.forEach(({ byteCount, dtype }, index) => {
    const { name } = specs[index]!
    const value = inputs[name]
    if (value?.dtype !== dtype || value.data.byteLength !== byteCount)
      throw new MilliwattError('INPUT_SHAPE', name, `It wants ${dtype}, ${byteCount} bytes.`)
    const { buffer, byteOffset } = value.data
    bytes.set(new Uint8Array(buffer, byteOffset, byteCount), at)
    at += byteCount
  })
  return bytes
}

function toTensors(specs: readonly TensorSpec[], tensors: readonly DeviceTensor[], bytes: Uint8Array): Tensors {
  const outputs: Record<string, TensorValue> = {}
  let at = 0
  tensors.forEach(({ byteCount }, index) => {
    const { name, dtype, shape } = specs[index]!
    const own = bytes.slice(at, at + byteCount)
    const numbers = (shape ?? []).map(Number)
    const tensor = { name, dtype: dtype as DataType, shape: numbers, offset: 0, scale: 1, zeroPoint: 0 }
    outputs[name] = { dtype, shape: numbers, data: viewTensor(own.buffer, tensor) }
    at += byteCount
  })
  return outputs
}

/** The layers of a model in C that do something. */
const layersOf = (segment: Segment): readonly ManifestLayer[] =>
  compileC(segment.graph, { target: 'portable', semantics: semanticsOf(segment) }).manifest.layers.filter(
    ({ kernel }) => kernel !== 'alias',
  )

function executableOf(segment: Segment, use: BoardUse, model: BoardModel): Executable {
  const specs = segmentSpecs(segment)
  const { connection, isEmulated } = use
  const { index, inputTensors, outputTensors, arenaBytes } = model
  const outputBytes = outputTensors.reduce((sum, { byteCount }) => sum + byteCount, 0)
  const bytesOf = (inputs: Tensors) => toBytes(specs.inputs, inputTensors, inputs)
  const { onMarker } = connection.link
  return {
    ...specs,
    stateful: isStateful(segment.graph),
    arenaBytes,
    run: (inputs) =>
      connection.inTurn(async (client) => {
        await connection.load(client, index, bytesOf(inputs))
        await connection.run(client, index, 1, 'none')
        return toTensors(specs.outputs, outputTensors, await client.read(outputBytes))
      }),
    remote: {
      isEmulated,
      ...(onMarker ? { onMarker } : {}),
      load: (inputs) => connection.inTurn((client) => connection.load(client, index, bytesOf(inputs))),
      run: (iterations, marking) => connection.inTurn((client) => connection.run(client, index, iterations, marking)),
      read: async () =>
        toTensors(specs.outputs, outputTensors, await connection.inTurn((client) => client.read(outputBytes))),
      profile: (iterations) =>
        connection.inTurn(async (client) => {
          const wholeS = await connection.run(client, index, iterations, 'none')
          const seconds = await client.timeLayers(model, iterations)
          return layerProfile(layersOf(segment), seconds, wholeS, {
            engine: isEmulated
              ? `${connection.board.board} (emulated: no silicon takes these times)`
              : connection.board.board,
            repeats: iterations,
            statistic: 'mean',
          })
        }),
    },
    [Symbol.asyncDispose]: () => use.release(),
  }
}

async function prepare(segment: Segment, device: Device, host: Host): Promise<Executable> {
  const semantics = semanticsOf(segment)
  const hash = await modelHash(host, segment.graph, semantics)
  const use = await useBoard(host, device, {
    name: segment.graph.name || 'model',
    graph: segment.graph,
    semantics,
    hash,
  })
  try {
    const model = await use.connection.find(hash)
    if (model) return executableOf(segment, use, model)
    const { board, models } = use.connection.board
    const has = models.map((one) => `"${one.name}"`).join(', ')
    throw new MilliwattError('BOARD_LACKS_MODEL', device.id, `The firmware on ${board} holds ${has}.`)
  } catch (error) {
    await use.release()
    throw error
  }
}

/** Microcontrollers that run milliwatt's firmware, at the end of a serial port or in an emulator. */
export const board: Backend = {
  name,
  summary: "microcontrollers with milliwatt's firmware, on a serial port or emulated; exact int8",
  form: 'canonical',
  onDemand: true,
  reaches: ['board'],
  available: async () => ({ ok: true, engine: 'milliwatt firmware' }),
  supports: (node, device) => {
    if (device.kind !== 'board') return { ok: false, reason: `firmware runs on a board, not on a ${device.kind}` }
    if (isCompiled(node)) return { ok: true }
    return { ok: false, reason: `the compiler does not have ${node.domain || 'ai.onnx'}:${node.op}` }
  },
  semantics: semanticsOf,
  work: (segment) => loweredWork(segment.graph, semanticsOf(segment)),
  exact: true,
  prepare,
}
