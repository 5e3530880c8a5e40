import { describe, expect, it } from 'vitest'
import { modelFlashBytes } from '../../src/loop/model-size.ts'
import { writeC } from '../../src/loop/write-c.ts'
import { chipOf, loadTargets } from '../../src/targets/load.ts'
import { needs } from '../support/needs.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { boardJob, emulatedPorts, groupsThatFit, mlperfModels, shippedModels } from './board-models.ts'
import { runOnBoard } from './run-on-board.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const runs = 2

/** Instructions of a keyword spotter, as a share of plain C's. */
const shares = [
  { port: 'qemu-mps2-an386', extension: 'DSP', most: 0.6 },
  { port: 'qemu-mps3-an547', extension: 'Helium', most: 0.25 },
]

/** Most bytes of the reference keyword spotter: code and weights in flash at -Os, arena in RAM. */
const most = { flashBytes: 32 * 1024, ramBytes: 18 * 1024 }

needs('a compiler for Cortex-M')('models as firmware', () => {
  needs('an emulator of Cortex-M')('in the emulator', () => {
    const models = [...mlperfModels(), ...shippedModels()]

    it.each(emulatedPorts)('%s gives what the host gives, bit for bit', { timeout: 240_000 }, async (port) => {
      const targets = await loadTargets(host)
      const { flashBytes } = chipOf(targets, targets.boards.get(port)!)
      const jobs = models.map((model) => boardJob(model, runs))
      const groups = groupsThatFit(jobs, flashBytes!.value)
      expect(groups.flat()).toHaveLength(jobs.length)
      for (const group of groups) {
        const { outputs } = await runOnBoard(group, { port, flags: ['-O2'] })
        group.forEach(({ name, expected }, index) => {
          const same = outputs[index]!.map((bytes, run) => Buffer.from(expected[run]!).equals(bytes))
          expect([name, same]).toEqual([name, expected.map(() => true)])
        })
      }
    })

    describe.skipIf(mlperfModels().length === 0)('the reference keyword spotter', () => {
      it.each(shares)('takes at most $most of the instructions by $extension', { timeout: 240_000 }, async (share) => {
        const job = boardJob(mlperfModels()[0]!, 1)
        const count = async (flags: readonly string[]) => {
          const { instructions, outputs } = await runOnBoard([job], { port: share.port, flags, count: true })
          expect(outputs[0]).toEqual(job.expected.map((bytes) => Uint8Array.from(bytes)))
          return instructions[0]!
        }
        const fast = await count(['-O2'])
        expect(fast).toBeGreaterThan(1e6)
        expect(fast / (await count(['-O2', '-DMILLIWATT_PLAIN']))).toBeLessThanOrEqual(share.most)
      })

      it('fits 32 KB of flash and 18 KB of RAM, with the fast kernels', { timeout: 60_000 }, async () => {
        const { model } = boardJob(mlperfModels()[0]!, 1)
        await writeC(host, folder, model)
        expect(await modelFlashBytes(host, folder, model, 'Cortex-M4F')).toBeLessThanOrEqual(most.flashBytes)
        expect(model.manifest.arenaBytes).toBeLessThanOrEqual(most.ramBytes)
      })
    })
  })
})
