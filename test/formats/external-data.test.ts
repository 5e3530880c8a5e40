import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { describe, expect, it } from 'vitest'
import { loadCatalogue } from '../../src/catalogue/load.ts'
import { isMilliwattError } from '../../src/core/errors.ts'
import { externalFilesOf, readModel } from '../../src/formats/list.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { milliwatt } from '../support/cli.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const models = join(folder, 'models')
mkdirSync(join(models, 'data'), { recursive: true })

const message = (writer: BinaryWriter, field: number, fill: (inner: BinaryWriter) => void) => {
  const inner = new BinaryWriter()
  fill(inner)
  writer.tag(field, WireType.LengthDelimited).bytes(inner.finish())
}
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value)
const integer = (writer: BinaryWriter, field: number, value: number) => writer.tag(field, WireType.Varint).int64(value)

function externalTensor(writer: BinaryWriter, name: string, entries: Readonly<Record<string, string>>): void {
  for (const dimension of [2, 2]) integer(writer, 1, dimension)
  integer(writer, 2, 1)
  text(writer, 8, name)
  for (const [key, value] of Object.entries(entries))
    message(writer, 13, (entry) => {
      text(entry, 1, key)
      text(entry, 2, value)
    })
  integer(writer, 14, 1)
}

const value = (writer: BinaryWriter, field: number, name: string) =>
  message(writer, field, (info) => {
    text(info, 1, name)
    message(info, 2, (type) =>
      message(type, 1, (tensor) => {
        integer(tensor, 1, 1)
        message(tensor, 2, (shape) => {
          for (const length of [1, 2]) message(shape, 1, (dimension) => integer(dimension, 1, length))
        })
      }),
    )
  })

/** y = x · w, with w of [2, 2] in another file; as the value of a Constant node where `inline` is set. */
function model(entries: Readonly<Record<string, string>>, inline = false): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  integer(writer, 1, 8)
  message(writer, 7, (graph) => {
    if (inline)
      message(graph, 1, (node) => {
        text(node, 2, 'w')
        text(node, 4, 'Constant')
        message(node, 5, (attribute) => {
          text(attribute, 1, 'value')
          message(attribute, 5, (tensor) => externalTensor(tensor, '', entries))
          integer(attribute, 20, 4)
        })
      })
    message(graph, 1, (node) => {
      text(node, 1, 'x')
      text(node, 1, 'w')
      text(node, 2, 'y')
      text(node, 4, 'MatMul')
    })
    text(graph, 2, 'external')
    if (!inline) message(graph, 5, (tensor) => externalTensor(tensor, 'w', entries))
    value(graph, 11, 'x')
    value(graph, 12, 'y')
  })
  message(writer, 8, (opset) => {
    text(opset, 1, '')
    integer(opset, 2, 13)
  })
  return writer.finish()
}

const weights = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)
writeFileSync(join(models, 'w.bin'), weights)
writeFileSync(join(models, 'data', 'w.bin'), Uint8Array.of(9, 9, 9, 9, 9, ...weights, 9))
writeFileSync(join(folder, 'secret.bin'), weights)
symlinkSync(join(folder, 'secret.bin'), join(models, 'link.bin'))
symlinkSync(folder, join(models, 'up'))
symlinkSync('w.bin', join(models, 'inside.bin'))

function write(name: string, bytes: Uint8Array): string {
  const path = join(models, name)
  writeFileSync(path, bytes)
  return path
}

async function refusal(entries: Readonly<Record<string, string>>): Promise<string> {
  try {
    await loadCatalogue(host, write('refused.onnx', model(entries)))
  } catch (error) {
    if (isMilliwattError(error)) return `${error.code} ${error.where}: ${error.detail}`
    throw error
  }
  return 'read'
}

describe('weights in files beside an ONNX model', () => {
  it.each([
    ['whole files', { location: 'w.bin' }, false],
    ['parts of files in folders below', { location: 'data/w.bin', offset: '5', length: '16' }, false],
    ['links that stay in the folder', { location: 'inside.bin', length: '16' }, false],
    ['values of Constant nodes', { location: 'w.bin', offset: '0' }, true],
  ])('are read: %s', async (_, entries, inline) => {
    const path = write('read.onnx', model(entries, inline))
    await using runtime = await openRuntimeOn(host, { backends: ['compiled', 'onnxruntime-web'] })
    for (const backend of ['compiled', 'onnxruntime-web']) {
      const loaded = await runtime.load(path, { backends: [backend] })
      const { y } = await loaded.runAsync(Float32Array.of(1, 10))
      expect([...y!.data]).toEqual([31, 42])
    }
  })

  it('count in the hash and the size of the model', async () => {
    const path = write('hashed.onnx', model({ location: 'changing.bin' }))
    const hashes = new Set<string>()
    for (const first of [1, 2]) {
      writeFileSync(join(models, 'changing.bin'), new Uint8Array(Float32Array.of(first, 2, 3, 4).buffer))
      const [variant] = (await loadCatalogue(host, path)).variants
      hashes.add(variant!.sha256)
      expect(variant!.bytes).toBe(model({ location: 'changing.bin' }).length + 16)
      expect(externalFilesOf(variant!.segment.source.bytes)).toEqual([])
    }
    expect(hashes.size).toBe(2)
  })

  it('are refused where they are missing, too short or outside the model’s folder', async () => {
    expect(
      [
        await refusal({ location: 'nowhere.bin' }),
        await refusal({ location: '../secret.bin' }),
        await refusal({ location: 'data/../../secret.bin' }),
        await refusal({ location: join(folder, 'secret.bin') }),
        await refusal({ location: 'C:\\secret.bin' }),
        await refusal({ location: '..\\secret.bin' }),
        await refusal({ location: 'link.bin' }),
        await refusal({ location: 'up/secret.bin' }),
        await refusal({ location: 'data' }),
        await refusal({ location: 'w.bin', offset: '8', length: '16' }),
        await refusal({ location: 'w.bin', offset: '17' }),
        await refusal({ location: 'w.bin', offset: '-4' }),
        await refusal({ location: 'w.bin', length: 'many' }),
        await refusal({ location: 'w.bin', length: '99999999999999999999' }),
        await refusal({ location: '' }),
        await refusal({}),
        await refusal({ location: 'w.bin', length: '8' }),
      ].map((message) => message.replaceAll(folder, '')),
    ).toEqual([
      'MODEL_DATA nowhere.bin: There is no file /models/nowhere.bin.',
      "MODEL_DATA ../secret.bin: The model names a file outside the model's folder.",
      "MODEL_DATA data/../../secret.bin: The model names a file outside the model's folder.",
      "MODEL_DATA /secret.bin: The model names a file outside the model's folder.",
      "MODEL_DATA C:\\secret.bin: The model names a file outside the model's folder.",
      "MODEL_DATA ..\\secret.bin: The model names a file outside the model's folder.",
      "MODEL_DATA link.bin: A symbolic link leads out of the model's folder.",
      "MODEL_DATA up/secret.bin: A symbolic link leads out of the model's folder.",
      'MODEL_DATA data: /models/data is no file.',
      'MODEL_DATA w.bin: Tensor "w" lies at bytes 8 to 24, but the file has 16.',
      'MODEL_DATA w.bin: Tensor "w" lies at bytes 17 to 16, but the file has 16.',
      'MODEL_DATA w: Its offset is "-4", which is no number of bytes.',
      'MODEL_DATA w: Its length is "many", which is no number of bytes.',
      'MODEL_DATA w: Its length is "99999999999999999999", which is no number of bytes.',
      'MODEL_DATA w: The tensor lies in a file that has no name.',
      'MODEL_DATA w: The tensor lies in a file that has no name.',
      'MODEL_ILLEGAL /models/refused.onnx: Tensor "w" holds 8 bytes, but its shape needs 16.',
    ])
  })

  it('cannot be found for a model that came as bytes', async () => {
    const bytes = model({ location: 'w.bin' })
    expect(externalFilesOf(bytes)).toEqual(['w.bin'])
    await using runtime = await openRuntimeOn(host, { backends: ['compiled'] })
    await expect(runtime.load(bytes)).rejects.toMatchObject({
      code: 'MODEL_DATA',
      detail: 'The model came as bytes; load it by its path instead.',
    })
    expect(() => readModel(bytes, 'model')).toThrow(/MODEL_DATA|load it by a path/)
  })

  it('are refused in every command, with the same words', async () => {
    const path = write('cli.onnx', model({ location: '../secret.bin' }))
    writeFileSync(join(folder, 'in.bin'), new Uint8Array(8))
    const runs = [
      ['inspect', path],
      ['convert', path, join(folder, 'out.tflite')],
      ['compile', path, '-o', join(folder, 'out.wasm')],
      ['profile', path],
      ['run', path, '--raw-input', join(folder, 'in.bin'), '--raw-output', join(folder, 'out.bin')],
    ]
    for (const args of runs) {
      const { code, stderr } = await milliwatt(args, { cwd: folder, cache: join(folder, 'cache') })
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/^MODEL_DATA: \.\.\/secret\.bin: .*outside the model's/),
      ])
    }
  })
})
