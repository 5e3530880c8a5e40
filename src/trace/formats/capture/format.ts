import { MilliwattError, messageOf } from '../../../core/errors.ts'
import type { FileReader, HostFiles } from '../../../core/host.ts'
import { openCapture } from '../../capture.ts'
import { type CaptureBlock, captureVersion, readBlockHead } from '../../capture-block.ts'
import { plainLayout, plainLayoutName } from '../../plain-layout.ts'
import type { SampleEvent } from '../../samples.ts'
import { spanOfAnchors } from '../../stream-span.ts'
import { type RawDecoder, readMark, readSidecar, type TraceMark, type TraceSidecar } from '../../trace-file.ts'
import { firstOfPairs } from '../edge-pairs.ts'
import type {
  OpenedTrace,
  ReadOptions,
  StatedWindow,
  TraceFacts,
  TraceFormat,
  TraceSink,
  TraceSource,
} from '../format.ts'
import { type BlockSurvey, sampleBlocks, surveyBlocks } from './walk-blocks.ts'

/** Most samples of one block that is yielded. */
const blockSamples = 32_768

const withoutEnding = (path: string) => path.replace(/\.(json|raw)$/i, '')

/** Sidecar beside the raw file; null where it is missing or damaged, as after a kill. Newer ones are refused. */
async function sidecarBeside(files: HostFiles, path: string): Promise<TraceSidecar | null> {
  const text = await files.readText(path).catch(() => null)
  if (text === null) return null
  try {
    return readSidecar(text, path)
  } catch (error) {
    const version = /"version": *(\d+)/.exec(text)?.[1]
    if (version !== undefined && Number(version) !== captureVersion) throw error
    return null
  }
}

/** Facts of the capture: the sidecar, or the copy at the front of the raw file with the marks behind it. */
async function sidecarOf(files: HostFiles, base: string, survey: BlockSurvey): Promise<TraceSidecar> {
  const path = `${base}.raw`
  if (survey.newerVersion !== null) {
    throw new MilliwattError(
      'TRACE_INVALID',
      path,
      `It has version ${survey.newerVersion}; this milliwatt reads version ${captureVersion}.`,
    )
  }
  const beside = await sidecarBeside(files, `${base}.json`)
  const marks = survey.marks.flatMap((text) => readMark(text) ?? [])
  if (beside) return marks.length > beside.marks.length ? { ...beside, marks } : beside
  if (survey.header === null) throw new MilliwattError('TRACE_INVALID', path, 'It has no whole header and no sidecar.')
  return { ...readSidecar(survey.header, path), marks }
}

function decoderFor(sidecar: TraceSidecar, options: ReadOptions, path: string): RawDecoder {
  if (sidecar.rawFormat === plainLayoutName) return plainLayout
  const { decoders } = options
  if (Object.hasOwn(decoders, sidecar.rawFormat)) return decoders[sidecar.rawFormat]!
  const known = [plainLayoutName, ...Object.keys(decoders)].join(', ')
  throw new MilliwattError('TRACE_INVALID', path, `Its raw layout "${sidecar.rawFormat}" is none of: ${known}.`)
}

/** Marks with a length are windows; those without are edges of the meter's event line, which draw windows in pairs. */
function windowsOf(marks: readonly TraceMark[]): readonly StatedWindow[] {
  const edges = marks.filter(({ startIndex, endIndex }) => startIndex === endIndex)
  const drawn = firstOfPairs(edges.length).map((at): StatedWindow => {
    const [first, last] = [edges[at]!, edges[at + 1]!]
    return { ...first, endIndex: last.startIndex, inferences: first.inferences ?? null }
  })
  const stated = marks.filter(({ startIndex, endIndex }) => startIndex !== endIndex)
  return stated.length > 0 ? stated.map((mark) => ({ ...mark, inferences: mark.inferences ?? null })) : drawn
}

function toFacts(sidecar: TraceSidecar, survey: BlockSurvey): TraceFacts {
  const missing = Math.max(0, sidecar.sampleCount - survey.sampleCount)
  const cut = [
    ...(survey.strayBytes > 0 ? [`${survey.strayBytes} bytes after the last whole block were left out`] : []),
    ...(missing > 0 ? [`${missing} samples that the sidecar counts are not in the file`] : []),
    ...(sidecar.complete ? [] : [sidecar.reason ?? 'the capture did not end']),
  ]
  return {
    sampleRateHz: sidecar.sampleRateHz,
    provenance: sidecar.provenance === 'emulated' ? 'emulated' : 'replayed',
    supplyV: sidecar.supplyV,
    meter: sidecar.meter,
    startedAt: sidecar.startedAt,
    windows: windowsOf(sidecar.marks),
    publishedMedianJ: null,
    incomplete: cut.length > 0 ? cut.join('; ') : null,
    stream: spanOfAnchors(sidecar.clockAnchors, sidecar.sampleRateHz),
    notes: [],
  }
}

/** The only recording in a folder, such as the one that "milliwatt run" leaves; null for none and for several. */
async function onlyRecording(files: HostFiles, folder: string): Promise<string | null> {
  const names = await files.list(folder).catch(() => [])
  const [name, ...more] = names.filter((each) => /\.raw$/i.test(each))
  return name === undefined || more.length > 0 ? null : files.join(folder, name)
}

/** Opens a capture. @throws MilliwattError TRACE_INVALID */
async function open({ files, path, kind }: TraceSource, options: ReadOptions): Promise<OpenedTrace> {
  const base = withoutEnding(kind === 'folder' ? ((await onlyRecording(files, path)) ?? path) : path)
  const reader = await files.open(`${base}.raw`).catch((error: unknown) => {
    throw new MilliwattError('TRACE_INVALID', `${base}.raw`, `It cannot be read: ${messageOf(error)}.`, error)
  })
  try {
    const survey = await surveyBlocks(reader)
    const sidecar = await sidecarOf(files, base, survey)
    return openedTrace(reader, survey, sidecar, decoderFor(sidecar, options, path), `${base}.raw`)
  } catch (error) {
    await reader.close()
    throw error
  }
}

function openedTrace(
  reader: FileReader,
  survey: BlockSurvey,
  sidecar: TraceSidecar,
  decoder: RawDecoder,
  path: string,
): OpenedTrace {
  let damaged = 0
  return {
    path,
    format: 'capture',
    facts: toFacts(sidecar, survey),
    async *events() {
      damaged = 0
      // A sidecar of the very start does not know the first sample yet.
      let end = sidecar.sampleCount > 0 ? sidecar.firstIndex : (survey.firstIndex ?? 0)
      for await (const { block, payload } of sampleBlocks(reader, survey.endOffset)) {
        if (block.firstIndex > end) yield gap(end, block.firstIndex)
        end = block.firstIndex + block.samples
        if (payload?.length === block.samples * decoder.wordBytes) yield* samplesOf(block, payload, decoder, sidecar)
        else {
          damaged++
          yield gap(block.firstIndex, end)
        }
      }
      const tail = sidecar.gaps.at(-1)
      // A cut right behind a block leaves a sidecar that counts more.
      const isWhole = survey.sampleCount === sidecar.sampleCount
      if (tail && tail.index === end && isWhole) yield gap(end, end + tail.count)
    },
    get damage() {
      return damaged > 0 ? `${damaged} blocks are damaged, their samples count as lost` : null
    },
    [Symbol.asyncDispose]: () => reader.close(),
  }
}

const gap = (from: number, to: number): SampleEvent => ({ kind: 'gap', firstIndex: from, count: to - from })

function* samplesOf(
  block: CaptureBlock,
  payload: Uint8Array,
  { wordBytes, decode }: RawDecoder,
  sidecar: TraceSidecar,
): Generator<SampleEvent> {
  for (let done = 0; done < block.samples; done += blockSamples) {
    const count = Math.min(blockSamples, block.samples - done)
    const raw = payload.subarray(done * wordBytes, (done + count) * wordBytes)
    const { powerW, digital } = decode(raw, sidecar)
    if (block.isInvalid) powerW.fill(Number.NaN)
    const arrivalS = block.arrivalS - (block.samples - done - count) / sidecar.sampleRateHz
    yield { kind: 'samples', firstIndex: block.firstIndex + done, powerW, digital, raw, arrivalS }
  }
}

/** Starts a capture as the target of a conversion; samples are kept decoded. */
async function create(files: HostFiles, path: string, facts: TraceFacts): Promise<TraceSink> {
  const capture = await openCapture({
    files,
    clock: { nowS: () => 0, wallTime: () => new Date() },
    base: withoutEnding(path),
    meter: facts.meter,
    rawFormat: null,
    sampleRateHz: facts.sampleRateHz,
    supplyV: facts.supplyV ?? 0,
    provenance: facts.provenance,
    ...(facts.startedAt === null ? {} : { startedAt: facts.startedAt }),
  })
  for (const { label, startIndex, endIndex, method, inferences, edgeUncertaintyS } of facts.windows) {
    capture.mark({
      label,
      startIndex,
      endIndex,
      method,
      ...(inferences === null ? {} : { inferences }),
      ...(edgeUncertaintyS === undefined ? {} : { edgeUncertaintyS }),
    })
  }
  let pushed = 0
  return {
    paths: [capture.rawPath, capture.sidecarPath],
    push: async (event) => {
      capture.push(event)
      // A conversion is faster than the disk: wait for it now and then.
      if (++pushed % 64 === 0) await capture.flush()
      if (capture.problem) throw capture.problem
    },
    close: async (incomplete) => {
      await capture.close(incomplete)
      if (capture.problem) throw capture.problem
    },
    abort: () => capture.close('the conversion was given up'),
  }
}

/** milliwatt's own recording: `.raw` in blocks, and a `.json` sidecar that a killed process may leave behind. */
export const captureFormat: TraceFormat = {
  name: 'capture',
  summary: 'what "milliwatt run" and "milliwatt trace record" keep: NAME.raw with NAME.json',
  endings: ['.raw'],
  detects: async ({ files, path, kind, head }) => {
    if (kind === 'folder') return (await onlyRecording(files, path)) !== null
    if (readBlockHead(head) !== null) return true
    if (!/\.(json|raw)$/i.test(path)) return false
    const raw = await files.stat(`${withoutEnding(path)}.raw`)
    const text = path.toLowerCase().endsWith('.json') ? new TextDecoder().decode(head) : ''
    return raw !== null && (text.includes('"milliwatt-trace"') || path.toLowerCase().endsWith('.raw'))
  },
  open,
  create,
}
