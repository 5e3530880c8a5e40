import type { z } from 'zod'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { acceleratorSchema, boardSchema, chipSchema, meterSchema } from './schema.ts'
import type { BoardTarget, ChipTarget, Target, Targets } from './target.ts'

/**
 * Reads every target file below a folder, checks it and resolves the ids between them.
 * @param folder the one that holds `chips`, `boards`, `accelerators` and `meters`; the package's own by default
 * @throws MilliwattError TARGET_INVALID, which names the file and the field
 */
export async function loadTargets(
  host: Host,
  folder: string = host.files.join(host.packageFolder, 'targets'),
): Promise<Targets> {
  const [chips, boards, accelerators, meters] = await Promise.all([
    readKind(host, host.files.join(folder, 'chips'), chipSchema),
    readKind(host, host.files.join(folder, 'boards'), boardSchema),
    readKind(host, host.files.join(folder, 'accelerators'), acceleratorSchema),
    readKind(host, host.files.join(folder, 'meters'), meterSchema),
  ])
  for (const board of boards.values()) {
    if (!chips.has(board.chip)) throw invalid(`boards/${board.id}.json`, 'chip', `there is no chip "${board.chip}"`)
  }
  for (const chip of chips.values()) {
    const unknown = chip.accelerators.find((id) => !accelerators.has(id))
    if (unknown) throw invalid(`chips/${chip.id}.json`, 'accelerators', `there is no accelerator "${unknown}"`)
  }
  return { chips, boards, accelerators, meters }
}

/**
 * Reads one target from its text.
 * @param path names the file in errors; its last part without `.json` must equal the target's id
 * @throws MilliwattError TARGET_INVALID
 */
export function parseTarget<T extends Target>(path: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new MilliwattError('TARGET_INVALID', path, `It is not JSON: ${messageOf(error)}.`, error)
  }
  const read = schema.safeParse(value)
  if (!read.success) {
    const issue = read.error.issues[0]
    throw invalid(path, issue?.path.map(String).join('.') || '(whole file)', issue?.message ?? 'is wrong')
  }
  const name = path.split(/[\\/]/).pop()
  if (name !== `${read.data.id}.json`) throw invalid(path, 'id', `"${read.data.id}" differs from the file name`)
  return read.data
}

/** The chip on a board. */
export function chipOf(targets: Targets, board: BoardTarget): ChipTarget {
  const chip = targets.chips.get(board.chip)
  if (!chip) throw invalid(`boards/${board.id}.json`, 'chip', `there is no chip "${board.chip}"`)
  return chip
}

async function readKind<T extends Target>(
  host: Host,
  folder: string,
  schema: z.ZodType<T>,
): Promise<ReadonlyMap<string, T>> {
  const names = (await listFolder(host, folder)).filter((name) => name.endsWith('.json'))
  const targets = await Promise.all(
    names.map(async (name) => {
      const path = host.files.join(folder, name)
      return parseTarget(path, await host.files.readText(path), schema)
    }),
  )
  return new Map(targets.map((target) => [target.id, target]))
}

async function listFolder(host: Host, folder: string): Promise<readonly string[]> {
  try {
    return await host.files.list(folder)
  } catch (error) {
    throw new MilliwattError('TARGET_INVALID', folder, `The folder cannot be read: ${messageOf(error)}.`, error)
  }
}

function invalid(path: string, field: string, problem: string): MilliwattError {
  return new MilliwattError('TARGET_INVALID', path, `Field ${field}: ${problem}.`)
}
