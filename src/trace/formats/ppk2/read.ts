import { z } from 'zod'
import { MilliwattError, messageOf } from '../../../core/errors.ts'
import type { FileReader } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import type { OpenedTrace, ReadOptions, TraceFacts, TraceSource } from '../format.ts'
import { bareFacts, type KeptFacts, readKept } from '../kept-facts.ts'
import { neededSupply } from '../supply.ts'
import { frameBytes, type ReadFrames, readFrames } from './frames.ts'
import { readDirectory, type ZipMember } from './zip-directory.ts'
import { memberContent, memberText } from './zip-member.ts'

const longestMetadata = 16 * 1024 * 1024
/** Version of the layout; the app raises it when it changes. */
const formatVersion = 2

const metadataSchema = z.object({
  metadata: z.object({
    samplesPerSecond: z.number().positive().max(1e7),
    startSystemTime: z.number().positive().max(8.64e15).nullish(),
    milliwatt: z.unknown().optional(),
  }),
  formatVersion: z.number(),
})

type Metadata = z.infer<typeof metadataSchema>

async function readMetadata(reader: FileReader, member: ZipMember, path: string): Promise<Metadata> {
  let value: unknown
  try {
    value = JSON.parse(await memberText(reader, member, path, longestMetadata))
  } catch (error) {
    if (error instanceof MilliwattError) throw error
    throw new MilliwattError('TRACE_INVALID', path, `metadata.json is not whole JSON: ${messageOf(error)}.`, error)
  }
  const parsed = metadataSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new MilliwattError('TRACE_INVALID', path, `metadata.json, field ${issue?.path.join('.')}: ${issue?.message}.`)
  }
  if (parsed.data.formatVersion <= formatVersion) return parsed.data
  throw new MilliwattError(
    'TRACE_INVALID',
    path,
    `It has layout ${parsed.data.formatVersion}; this milliwatt reads up to ${formatVersion}.`,
  )
}

/** Opens a file of the Power Profiler app. @throws MilliwattError TRACE_INVALID, TRACE_SUPPLY */
export async function openPpk2File({ files, path }: TraceSource, options: ReadOptions): Promise<OpenedTrace> {
  const reader = await files.open(path)
  try {
    const members = await readDirectory(reader, path)
    const member = (name: string) => {
      const found = members.find((each) => each.name === name)
      if (!found) throw new MilliwattError('TRACE_INVALID', path, `The archive holds no ${name}.`)
      return found
    }
    const session = member('session.raw')
    const { metadata } = await readMetadata(reader, member('metadata.json'), path)
    const kept = metadata.milliwatt === undefined ? null : readKept(metadata.milliwatt, path)
    const supplyV = neededSupply(path, options.supplyV, kept?.facts.supplyV)
    return opened(reader, session, path, metadata, kept, supplyV)
  } catch (error) {
    await reader.close()
    throw error
  }
}

function factsOf(metadata: Metadata['metadata'], kept: KeptFacts | null, supplyV: number): TraceFacts {
  if (kept) return { ...kept.facts, supplyV }
  const startedAt = metadata.startSystemTime ? new Date(metadata.startSystemTime).toISOString() : null
  const note = 'the app stores a lost sample as 0.2 µA with every channel low; such samples count as lost'
  return { ...bareFacts(metadata.samplesPerSecond, supplyV, 'ppk2', startedAt), notes: [note] }
}

function opened(
  reader: FileReader,
  session: ZipMember,
  path: string,
  metadata: Metadata['metadata'],
  kept: KeptFacts | null,
  supplyV: number,
): OpenedTrace {
  const facts = factsOf(metadata, kept, supplyV)
  const stray = session.sizeBytes % frameBytes
  return {
    path,
    format: 'ppk2',
    facts: stray > 0 ? { ...facts, incomplete: `session.raw ends within a sample (${stray} stray bytes)` } : facts,
    async *events() {
      let index = kept?.firstIndex ?? 0
      let rest = new Uint8Array(0)
      for await (const content of memberContent(reader, session, path)) {
        const bytes = new Uint8Array(rest.length + content.length)
        bytes.set(rest)
        bytes.set(content, rest.length)
        const whole = bytes.length - (bytes.length % frameBytes)
        rest = bytes.slice(whole)
        const frames = readFrames(bytes.subarray(0, whole), supplyV, kept === null)
        yield* runs(frames, index, metadata.samplesPerSecond)
        index += frames.powerW.length
      }
    },
    [Symbol.asyncDispose]: () => reader.close(),
  }
}

/** Cuts frames at their lost samples. */
function* runs({ powerW, digital, lost }: ReadFrames, firstIndex: number, rate: number): Generator<SampleEvent> {
  for (let from = 0; from < lost.length; ) {
    const kind = lost[from]!
    const change = lost.indexOf(kind === 1 ? 0 : 1, from)
    const to = change === -1 ? lost.length : change
    const first = firstIndex + from
    if (kind === 1) yield { kind: 'gap', firstIndex: first, count: to - from }
    else {
      yield {
        kind: 'samples',
        firstIndex: first,
        powerW: powerW.subarray(from, to),
        digital: digital.subarray(from, to),
        raw: new Uint8Array(0),
        arrivalS: (firstIndex + to) / rate,
      }
    }
    from = to
  }
}
