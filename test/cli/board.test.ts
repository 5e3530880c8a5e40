import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { milliwatt } from '../support/cli.ts'
import { needs } from '../support/needs.ts'
import { sharedPath } from '../support/shared.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = temporaryFolder()
const cache = join(folder, 'cache')

/** Starts a rehearsal bench and gives what it says of itself; the function given back ends it. */
async function benchUp(...more: readonly string[]) {
  const at = join(folder, 'bench')
  let end = () => {}
  const running = milliwatt(['bench-up', '--json', '--folder', at, ...more], {
    cache,
    onStart: (child) => {
      end = () => void child.kill('SIGINT')
    },
  })
  while (!existsSync(join(at, 'meter'))) {
    const early = await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 50))])
    if (early) throw new Error(JSON.stringify(early))
  }
  return { board: join(at, 'board'), meter: join(at, 'meter'), end, running }
}

needs('an emulator of Cortex-M')('a board in the emulator', () => {
  needs('a compiler for Cortex-M')('with a model of the user', () => {
    it('spots the words that the host spots, its energy by an emulated meter', { timeout: 120_000 }, async () => {
      const run = async (...more: readonly string[]) => {
        const args = ['run', 'kws', '--variant', 'ds-cnn-16-int8', '--json', ...more]
        const { code, stdout, stderr } = await milliwatt(args, { cache })
        expect([code, stderr]).toEqual([0, expect.any(String)])
        return JSON.parse(stdout)
      }
      const words = (report: { inferences: { clip: string; label: string; confidence: number }[] }) =>
        report.inferences.map(({ clip, label, confidence }) => [clip, label, confidence])
      const host = await run('-b', 'compiled', '--meter', 'none')
      const board = await run('--on', 'qemu-m4', '--meter', 'emulated')
      expect(words(board)).toEqual(words(host))
      expect(board.plan.chosen).toMatchObject({ backend: 'board', device: 'board:qemu-m4' })
      expect(board.plan.profileSource).toContain("times of board:qemu-m4 are the emulator's (emulated)")
      for (const { provenance, energyJ } of board.inferences)
        expect([provenance, energyJ > 0]).toEqual(['emulated', true])
    })

    it.skipIf(sharedPath('data/mlperf-tiny/golden') === null)(
      'runs raw tensors bit for bit',
      { timeout: 60_000 },
      async () => {
        const golden = sharedPath('data/mlperf-tiny/golden')!
        const model = join(sharedPath('data/mlperf-tiny/models')!, 'kws_ref_model.tflite')
        const output = join(folder, 'kws.out.bin')
        const raw = ['--raw-input', join(golden, 'kws_ref_model.in.bin'), '--raw-output', output]
        const { code, stdout } = await milliwatt(['run', model, '--on', 'qemu-m55', ...raw], { cache })
        expect([code, stdout]).toEqual([0, expect.stringContaining('40 inferences on board')])
        expect(readFileSync(output).equals(readFileSync(join(golden, 'kws_ref_model.out.bin')))).toBe(true)
      },
    )

    it('times its layers, and says whose time that is', { timeout: 60_000 }, async () => {
      const args = ['profile', 'kws', '--variant', 'ds-cnn-16-int8', '--on', 'qemu-m3', '--repeats', '2']
      const { code, stdout } = await milliwatt(args, { cache })
      expect(code).toBe(0)
      expect(stdout).toMatch(
        /^kws on qemu-mps2-an385 \(emulated: no silicon takes these times\): .* \(means of 2 rounds\)/,
      )
      expect(stdout.match(/conv_s8/g)!.length).toBeGreaterThan(4)
    })

    it('is compared with this machine in one plan', { timeout: 60_000 }, async () => {
      const args = ['plan', 'kws', '--variant', 'ds-cnn-16-int8', '--on', 'cpu', 'qemu-m4', '-b', 'compiled']
      const { code, stdout } = await milliwatt([...args, '--profile-s', '0', '--meter', 'none', '--json'], { cache })
      expect(code).toBe(0)
      const { candidates } = JSON.parse(stdout).plan
      expect(candidates.map(({ device }: { device: string }) => device).sort()).toEqual(['board:qemu-m4', 'cpu'])
    })
  })

  it('names what is not there', async () => {
    const unknown = await milliwatt(['run', 'kws', '--on', 'arduino', '--meter', 'none'], { cache })
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/^BOARD_UNKNOWN: arduino: .*board:qemu-m4/),
    ])
    const absent = await milliwatt(['run', 'kws', '--on', 'nucleo-l4r5zi', '--meter', 'none'], { cache })
    expect(absent.stderr).toMatch(/^BOARD_UNKNOWN: nucleo-l4r5zi: .*No NUCLEO-L4R5ZI is plugged in/)
  })

  it('spots the words in sound that the host spots, at its times with its scores', { timeout: 60_000 }, async () => {
    const clip = resolve(import.meta.dirname, '../../models/kws/clips/jarvis-1.wav')
    const hear = async (...more: readonly string[]) => {
      const { code, stdout } = await milliwatt(['kws', clip, '--json', ...more], { cache })
      expect(code).toBe(0)
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      return lines.flatMap(({ event, keyword, score, timeS }) => (event === 'keyword' ? [[keyword, score, timeS]] : []))
    }
    const words = await hear('--variant', 'ds-cnn-32-int8')
    expect(words.map(([keyword]) => keyword)).toEqual(['jarvis'])
    expect(await hear('--on', 'qemu-m4')).toEqual(words)
    const deaf = await milliwatt(['kws', '--listen', '--on', 'qemu-m4'], { cache })
    expect([deaf.code, deaf.stderr]).toEqual([1, expect.stringContaining('MICROPHONE_NOT_FOUND: qemu-mps2-an386')])
  })

  it('has pins that johnny-five drives', { timeout: 60_000 }, async () => {
    const { code, stdout } = await milliwatt(['pins', '--on', 'qemu-m4', '--high', '1', '--json'], { cache })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      firmware: 'milliwatt 2.5',
      pins: [{ modes: ['output'] }, { modes: ['output'] }, { modes: ['input'] }, { modes: ['input'] }],
    })
    const wrong = await milliwatt(['pins', '--on', 'qemu-m4', '--high', '3'], { cache })
    expect(wrong.stderr).toMatch(/^USAGE: pin 3: .*outputs are: 0, 1/)
  })

  it('stands on a rehearsal bench with a meter, for programs that know nothing of it', {
    timeout: 180_000,
  }, async () => {
    const bench = await benchUp('--model', 'kws')
    try {
      const run = ['run', 'kws', '--variant', 'ds-cnn-16-int8', '--on', bench.board, '--json']
      const metered = await milliwatt(
        [...run, '--meter', `ppk2:${bench.meter}`, '--supply-v', '3.3', '--marker-channel', '0'],
        { cache },
      )
      expect([metered.code, metered.stderr]).toEqual([0, expect.any(String)])
      const report = JSON.parse(metered.stdout)
      expect(report.inferences).toHaveLength(17)
      // The board's pin draws the windows in which the meter's load is up: 42 mA at 3.3 V and ripple.
      for (const { provenance, meanPowerW } of report.inferences) {
        expect(provenance).toBe('emulated')
        expect(meanPowerW).toBeGreaterThan(0.13)
        expect(meanPowerW).toBeLessThan(0.15)
      }
      const mlperf = [
        'mlperf',
        '--port',
        bench.board,
        '--input-bytes',
        '2960',
        '--windows',
        '1',
        '--seconds',
        '0.5',
        '--idle-s',
        '0.3',
        '--json',
      ]
      const energy = await milliwatt(
        [...mlperf, '--mode', 'energy', '--meter', `ppk2:${bench.meter}`, '--supply-v', '3.3', '--channel', '0'],
        {
          cache,
        },
      )
      expect([energy.code, energy.code === 0 ? '' : energy.stderr]).toEqual([0, ''])
      const result = JSON.stringify(JSON.parse(energy.stdout))
      expect(result).toContain('"marker edges"')
      expect(result).toContain('"provenance":"emulated"')
    } finally {
      bench.end()
      const { code } = await bench.running
      expect(code).toBe(0)
    }
  })
})
