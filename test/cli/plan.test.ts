import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { milliwatt } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
writeFileSync(join(folder, 'small.tflite'), writeTflite(smallNetwork()))
const plan = (...args: readonly string[]) => milliwatt(['plan', ...args], { cwd: folder, cache: join(folder, 'cache') })

describe('milliwatt plan', () => {
  it('profiles the machine where needed, then tells variants, layers by place, and why', async () => {
    const pictures = ['--html', 'plan.html', '--svg', 'plan.svg']
    const what = ['--what-if', 'example-npu-64', '--backend', 'compiled', '--profile-s', '3', '--minimize', 'latency']
    const { code, stdout } = await plan('small.tflite', ...what, ...pictures)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^milliwatt [\d.]+: plan of small\.tflite$/m)
    expect(stdout).toMatch(/^chosen +small +\S/m)
    expect(stdout).toMatch(/^Layers of small by place, least latency$/m)
    expect(stdout).toMatch(/^0 +conv_2d .* (compiled cpu|simulated-npu npu:example-npu-64) /m)
    expect(stdout).toMatch(/^simulated-npu npu:example-npu-64 +declared/m)
    expect(stdout).toMatch(/^compiled cpu +predicted/m)
    expect(stdout).toContain('of all arrangements under these figures, proven')
    expect(readFileSync(join(folder, 'plan.svg'), 'utf8')).toMatch(/^<svg [^>]*>[\s\S]*conv_2d[\s\S]*<\/svg>\n$/)
    const page = readFileSync(join(folder, 'plan.html'), 'utf8')
    expect(page).toContain('Why each layer runs where it runs')
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
  })

  it('is one JSON document for machines, every layer with its reasons', async () => {
    const { code, stdout } = await plan('small.tflite', '--what-if', 'example-npu-64', '-b', 'compiled', '--json')
    expect(code).toBe(0)
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({ version: 1, kind: 'milliwatt-plan', model: 'small.tflite', placementReason: null })
    expect(document.placement.layers).toHaveLength(5)
    for (const layer of document.placement.layers) {
      expect(layer.why).not.toBe('')
      expect(layer.elsewhere).toHaveLength(1)
    }
  })

  it('says why layers are not spread where there is one place', async () => {
    const { stdout } = await milliwatt(['plan', 'small.tflite', '-b', 'compiled', '--profile-s', '0'], {
      cwd: folder,
      cache: join(folder, 'other-cache'),
    })
    expect(stdout).toMatch(/Layers are not spread over places: fewer than two places/)
  })

  it('ends with 3 where the goal cannot be met, and names the nearest one that can', async () => {
    const { code, stdout } = await plan('small.tflite', '-b', 'compiled', '--max-model-kb', '0.1')
    expect(code).toBe(3)
    expect(stdout).toMatch(/No candidate meets the goal/)
    expect(stdout).toMatch(/bytes > 100 bytes/)
  })

  it('ends with 2 for an accelerator that nobody describes', async () => {
    const { code, stderr } = await plan('small.tflite', '--what-if', 'ethos-u99')
    expect([code, stderr]).toEqual([2, expect.stringContaining('ethos-u55-128')])
  })
})
