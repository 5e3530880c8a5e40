// Models in C on emulated boards against the host, bit for bit; instructions, flash and RAM. The sources of the tests are
// TypeScript, so vitest runs it: npm run bench:firmware. MILLIWATT_BOARD_RUNS sets the inputs a model, 200 by default;
// MILLIWATT_BOARD_MODELS a part of the names of the only models.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { measureObject } from '../../src/firmware/build.ts'
import { readPort } from '../../src/firmware/port.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { writeC } from '../../src/loop/write-c.ts'
import {
  type BoardJob,
  boardJob,
  emulatedPorts,
  macsOf,
  mlperfModels,
  shippedModels,
} from '../../test/firmware/board-models.ts'
import { runOnBoard } from '../../test/firmware/run-on-board.ts'

const runs = Number(process.env.MILLIWATT_BOARD_RUNS ?? 200)
const only = process.env.MILLIWATT_BOARD_MODELS ?? ''
const host = nodeHost()
const plain = '-DMILLIWATT_PLAIN'
const lines: string[] = []
const print = (...cells: readonly (string | number)[]) => lines.push(`| ${cells.join(' | ')} |`)

/** Instructions of one inference, and flash and RAM of the whole firmware that measures them. */
async function count(job: BoardJob, port: string, flags: readonly string[]) {
  const one = { model: job.model, inputs: job.inputs.slice(0, job.model.manifest.inputs.length) }
  const { instructions, sizes } = await runOnBoard([one], { port, flags, count: true })
  return { instructions: instructions[0]!, ...sizes }
}

/** Flash of the model alone, code and constants. */
async function modelFlash(job: BoardJob, port: string, flags: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-bench-'))
  try {
    await writeC(host, folder, job.model)
    const { core } = await readPort(host, port)
    return (await measureObject(host, core, join(folder, 'model.c'), join(folder, 'model.o'), flags)).flashBytes
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function row(job: BoardJob, port: string): Promise<void> {
  const { outputs } = await runOnBoard([job], { port, flags: ['-O2'], timeoutS: 1200 })
  const wrong = outputs[0]!.filter((bytes, run) => !Buffer.from(job.expected[run]!).equals(bytes)).length
  const [fast, slow] = [await count(job, port, ['-O2']), await count(job, port, ['-O2', plain])]
  const small = await count(job, port, ['-Os', plain])
  const share = fast.instructions / slow.instructions
  print(
    job.name,
    port,
    `${job.expected.length - wrong} of ${job.expected.length}`,
    fast.instructions,
    share.toFixed(3),
    (fast.instructions / macsOf(job.model)).toFixed(2),
    await modelFlash(job, port, ['-Os', plain]),
    await modelFlash(job, port, ['-Os']),
    small.flashBytes,
    job.model.manifest.arenaBytes,
    small.ramBytes,
  )
  expect(wrong).toBe(0)
}

it('equals the host on every board', async () => {
  print(
    ...['model', 'board', 'equal', 'instructions -O2', 'of plain C', 'a MAC'],
    ...['flash of the model -Os, plain C', 'with fast kernels', 'whole firmware', 'arena', 'RAM of the whole'],
  )
  print(...Array.from({ length: 11 }, () => '---'))
  try {
    for (const model of [...mlperfModels(), ...shippedModels()].filter(({ name }) => name.includes(only))) {
      const job = boardJob(model, runs)
      for (const port of emulatedPorts) await row(job, port)
    }
  } finally {
    console.log(lines.join('\n'))
  }
})
