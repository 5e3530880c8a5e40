import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { random } from '../core/random.ts'
import { type LabelledFile, readLabels } from '../firmware/mlperf/labels.ts'
import type { RunnerInput } from '../firmware/mlperf/runner.ts'

/** Inputs for a device, read when they are wanted. */
export interface RunnerInputs {
  readonly total: number
  readonly isLabelled: boolean
  /** Inputs in order. @throws MilliwattError INPUT_NOT_FOUND, INPUT_SHAPE */
  read(): AsyncIterable<RunnerInput>
}

const labelsFile = 'y_labels.csv'

async function bytesOf(host: Host, path: string): Promise<Uint8Array> {
  try {
    return await host.files.readBytes(path)
  } catch (error) {
    throw new MilliwattError('INPUT_NOT_FOUND', path, undefined, error)
  }
}

/** Windows of a longer recording that lie wholly in it. */
function cut(bytes: Uint8Array, { windows, file }: LabelledFile): readonly Uint8Array[] {
  if (!windows) return [bytes]
  const parts: Uint8Array[] = []
  for (let at = 0; at + windows.bytes <= bytes.length; at += windows.stride)
    parts.push(bytes.subarray(at, at + windows.bytes))
  if (parts.length > 0) return parts
  throw new MilliwattError('INPUT_SHAPE', file, `It holds ${bytes.length} bytes, one window wants ${windows.bytes}.`)
}

async function readFolder(host: Host, folder: string): Promise<RunnerInputs> {
  const labels = host.files.join(folder, labelsFile)
  const isLabelled = (await host.files.stat(labels)) !== null
  const names = await host.files.list(folder)
  const list: readonly (LabelledFile | string)[] = isLabelled
    ? readLabels(await host.files.readText(labels), labels)
    : names.filter((name) => name.endsWith('.bin'))
  if (list.length === 0) throw new MilliwattError('INPUT_NOT_FOUND', folder, 'It holds no .bin files.')
  return {
    total: list.length,
    isLabelled,
    async *read() {
      for (const entry of list) {
        const name = typeof entry === 'string' ? entry : entry.file
        const bytes = await bytesOf(host, host.files.join(folder, name))
        if (typeof entry === 'string') yield { name, label: null, segments: [bytes] }
        else yield { name, label: entry.label, segments: cut(bytes, entry) }
      }
    },
  }
}

/** A file holds one input, or where the length of one is known as many as fill it. */
function splitFile(bytes: Uint8Array, inputBytes: number | null, path: string): readonly Uint8Array[] {
  const each = inputBytes ?? bytes.length
  if (bytes.length === 0 || bytes.length % each !== 0)
    throw new MilliwattError('INPUT_SHAPE', path, `It holds ${bytes.length} bytes; one input has ${each}.`)
  return Array.from({ length: bytes.length / each }, (_, at) => bytes.subarray(at * each, (at + 1) * each))
}

function given(inputs: readonly Uint8Array[], name: string): RunnerInputs {
  return {
    total: inputs.length,
    isLabelled: false,
    async *read() {
      for (const [at, bytes] of inputs.entries()) yield { name: `${name}[${at}]`, label: null, segments: [bytes] }
    },
  }
}

/**
 * Inputs of a file or folder; without either, pseudo-random bytes of the length of one input.
 * @param inputBytes bytes of one input; null where nothing says so
 * @throws MilliwattError INPUT_NOT_FOUND, INPUT_SHAPE, LABELS_INVALID; USAGE where neither inputs nor their length are known
 */
export async function runnerInputs(
  host: Host,
  path: string | undefined,
  inputBytes: number | null,
): Promise<RunnerInputs> {
  if (path === undefined) {
    if (inputBytes === null)
      throw new MilliwattError(
        'USAGE',
        'mlperf',
        "Nothing says how long the model's input is; give --inputs or --input-bytes.",
      )
    const next = random(1)
    return given([Uint8Array.from({ length: inputBytes }, () => Math.floor(next() * 256))], 'pseudo-random')
  }
  const full = host.files.resolve(path)
  const stat = await host.files.stat(full)
  if (!stat) throw new MilliwattError('INPUT_NOT_FOUND', path)
  return stat.kind === 'folder'
    ? readFolder(host, full)
    : given(splitFile(await bytesOf(host, full), inputBytes, path), host.files.basename(path))
}
