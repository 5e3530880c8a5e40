import type { Clock, Host } from '../../../../src/core/host.ts'
import { type FlashOptions, type FlashResult, flash } from '../../../../src/firmware/flash/flash.ts'
import type { FlashJob } from '../../../../src/firmware/flash/flasher.ts'
import type { FlashImage } from '../../../../src/firmware/flash/image.ts'
import { type ImagePart, partBytes } from '../../../../src/firmware/flash/image-part.ts'
import { flasherOf } from '../../../../src/firmware/flash/list.ts'
import { type FakeHostOptions, fakeHost } from '../../../../src/hosts/fake.ts'
import { nodeHost } from '../../../../src/hosts/node.ts'
import { chipOf, loadTargets, parseTarget } from '../../../../src/targets/load.ts'
import { boardSchema } from '../../../../src/targets/schema.ts'
import type { BoardTarget } from '../../../../src/targets/target.ts'

const targets = await loadTargets(nodeHost())

/** A board of the targets. */
export function boardOf(id: string): BoardTarget {
  return targets.boards.get(id)!
}

/** A board with other fields than its own. */
export function otherBoard(id: string, change: (board: BoardTarget) => object): BoardTarget {
  const board = boardOf(id)
  return parseTarget(`${id}.json`, JSON.stringify({ ...board, ...change(board) }), boardSchema)
}

function imageOf(parts: readonly ImagePart[]): FlashImage {
  const file = new Uint8Array()
  return { path: 'image.hex', format: 'elf', file, sha256: '', parts, bytes: partBytes(parts), manifest: null }
}

/** A host of tables, with time that passes. */
export function timedHost(options: FakeHostOptions): Host {
  return { ...fakeHost(options), clock: nodeHost().clock }
}

/** Turns of the event loop that a wait lasts: more than an answer in memory takes, however slow the machine is. */
const waitTurns = 20

/** A clock whose waits are over at once, with the time that they would have taken gone by. */
export function skippingClock(): Clock {
  let nowS = 0
  return {
    ...nodeHost().clock,
    nowS: () => nowS,
    sleep: async (seconds) => {
      for (let turn = 0; turn < waitTurns; turn++) await new Promise((resume) => setImmediate(resume))
      nowS += seconds
    },
  }
}

/** A job for a board by one of its ways, and what it told. */
export function jobFor(
  host: Host,
  board: BoardTarget,
  way: string,
  parts: readonly ImagePart[],
  more: Partial<FlashJob> = {},
): { readonly job: FlashJob; readonly told: string[]; readonly progress: (readonly [number, number])[] } {
  const told: string[] = []
  const progress: (readonly [number, number])[] = []
  const found = board.flashers.find((each) => each.way === way)
  if (!found) throw new Error(`${board.id} has no way "${way}"`)
  const job: FlashJob = {
    host,
    board,
    memory: { bytes: (board.flashBytes ?? chipOf(targets, board).flashBytes)?.value ?? null },
    way: found,
    image: imageOf(parts),
    waitS: 0,
    signal: new AbortController().signal,
    onProgress: (done, total) => progress.push([done, total]),
    tell: (line) => told.push(line),
    ...more,
  }
  return { job, told, progress }
}

/** Flashes by the flasher of the job's way. */
export function flashJob(job: FlashJob, options: Partial<FlashOptions> = {}): Promise<FlashResult> {
  return flash(flasherOf(job.way)!, job, { attempts: 1, verify: true, run: true, ...options })
}

/** Random numbers that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Bytes that are the same in every run. */
export function randomBytes(count: number, seed: number): Uint8Array {
  const next = seeded(seed)
  return Uint8Array.from({ length: count }, () => Math.floor(256 * next()))
}
