import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { startEmulatedBoard } from '../../src/firmware/emulated-board.ts'
import { MlperfClient } from '../../src/firmware/mlperf/client.ts'
import { readPort } from '../../src/firmware/port.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { milliwatt } from '../support/cli.ts'
import { needs } from '../support/needs.ts'
import { temporaryFolder } from '../support/temporary.ts'

const folder = temporaryFolder()
const cache = join(folder, 'cache')
const model = resolve(import.meta.dirname, '../../models/kws/ds-cnn-16-int8.onnx')

needs('a compiler for Cortex-M')('milliwatt firmware', () => {
  const build = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await milliwatt(['firmware', ...args], { cwd: folder, cache })
    return { code, stdout, stderr }
  }

  it('builds a model into the firmware of a board, in the form that its flasher takes', {
    timeout: 60_000,
  }, async () => {
    const { code, stdout } = await build('kws', '--variant', 'ds-cnn-16-int8', '--board', 'nucleo-l4r5zi')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ds-cnn-16-int8 for nucleo-l4r5zi: ds-cnn-16-int8-nucleo-l4r5zi\.bin\n {2}flash \d/)
    expect(stdout).toContain('spots words in sound')
    expect(stdout).toContain('milliwatt flash ds-cnn-16-int8-nucleo-l4r5zi.bin --board nucleo-l4r5zi')
    const { code: listed, stdout: json } = await build(model, '--board', 'raspberry-pi-pico', '--json', '-o', 'own.uf2')
    expect(listed).toBe(0)
    expect(JSON.parse(json)).toMatchObject({
      board: 'raspberry-pi-pico',
      format: 'uf2',
      file: 'own.uf2',
      spotsWords: false,
    })
  })

  it('says for which boards there is a port', async () => {
    const { code, stderr } = await build(model, '--board', 'arduino-uno')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^TARGET_UNKNOWN: arduino-uno: .*raspberry-pi-pico/)])
  })

  needs('an emulator of Cortex-M')('in the emulator', () => {
    it('speaks the energy mode of MLPerf Tiny with edges of its pin', { timeout: 60_000 }, async () => {
      const args = [model, '--board', 'qemu-m4', '--energy', '--benchmark', 'kws01', '-o', 'energy.elf']
      expect((await build(...args)).code).toBe(0)
      const host = nodeHost()
      const port = await readPort(host, 'qemu-mps2-an386')
      const { link, onMarker } = await startEmulatedBoard(host, port, join(folder, 'energy.elf'))
      let heard = ''
      link.onData((bytes) => {
        heard += new TextDecoder().decode(bytes)
      })
      const edges: { high: boolean; atS: number }[] = []
      await using client = await MlperfClient.open(link, host.clock, 20)
      expect(client.facts).toMatchObject({ name: 'milliwatt', model: 'kws01' })
      expect(heard).toContain('m-timestamp-mode-energy')
      onMarker!((high, atS) => void edges.push({ high, atS }))
      await client.load(new Uint8Array(2960))
      const { lapS } = await client.infer(20, 1, 10)
      await host.clock.sleep(0.2)
      const falls = edges.filter(({ high }) => !high).map(({ atS }) => atS)
      expect(edges.map(({ high }) => high)).toEqual([true, false, true, false])
      expect(Math.abs(falls[1]! - falls[0]! - lapS!)).toBeLessThan(0.05)
    })
  })
})
