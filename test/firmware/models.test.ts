import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../src/hosts/node.ts'
import { chipOf, loadTargets } from '../../src/targets/load.ts'
import { needs } from '../support/needs.ts'
import { boardJob, emulatedPorts, groupsThatFit, mlperfModels, shippedModels } from './board-models.ts'
import { runOnBoard } from './run-on-board.ts'

const runs = 2

/** The fastest of the three ways to compute a keyword spotter, as a share of plain C's instructions. */
const shares = [
  { port: 'qemu-mps2-an386', extension: 'DSP', most: 0.6 },
  { port: 'qemu-mps3-an547', extension: 'Helium', most: 0.25 },
]

/** Most bytes of the reference keyword spotter, code and weights in flash and arena in RAM, at -Os in plain C. */
const most = { flashBytes: 32 * 1024, ramBytes: 18 * 1024 }

needs('a compiler for Cortex-M')('models as firmware', () => {
  needs('an emulator of Cortex-M')('in the emulator', () => {
    const models = [...mlperfModels(), ...shippedModels()]

    it.each(emulatedPorts)('%s gives what the host gives, bit for bit', { timeout: 240_000 }, async (port) => {
      const targets = await loadTargets(nodeHost())
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

      it('fits 32 KB of flash and 18 KB of RAM in plain C', { timeout: 240_000 }, async () => {
        const job = boardJob(mlperfModels()[0]!, 1)
        const run = { port: 'qemu-mps2-an386', flags: ['-Os', '-DMILLIWATT_PLAIN'] }
        const whole = (await runOnBoard([job], run)).sizes
        expect(whole.flashBytes).toBeLessThan(most.flashBytes + 2048)
        expect(job.model.manifest.arenaBytes).toBeLessThanOrEqual(most.ramBytes)
      })
    })
  })
})
