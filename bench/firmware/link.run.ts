// How much of a UART the framed link uses: inputs written and outputs read as fast as they go, over links of several rates, with
// the firmware as a program of this machine. Part of npm run bench:firmware.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { BridgeClient } from '../../src/firmware/bridge/client.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { buildHostFirmware, givenModel, startFirmware } from '../../test/firmware/bridge/host-firmware.ts'
import { pacedLink } from '../../test/firmware/bridge/paced-link.ts'
import { sharedPath } from '../../test/support/shared.ts'

const host = nodeHost()
const seconds = 4

it('uses the link', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-link-'))
  try {
    const program = await buildHostFirmware(host, folder, [
      givenModel(sharedPath('data/mlperf-tiny/models/ad01_int8.tflite')!),
    ])
    console.log(
      '| baud | direction | content B/s | of the link | of the bytes that crossed it |\n|---|---|---|---|---|',
    )
    for (const baud of [115_200, 460_800, 921_600]) {
      const bytesPerS = baud / 10
      const { link, crossed } = pacedLink(await startFirmware(host, program), host.clock, bytesPerS)
      await using client = await BridgeClient.open(link, { clock: host.clock })
      const measure = async (direction: string, bytes: () => number, once: () => Promise<number>) => {
        const [startS, before] = [host.clock.nowS(), bytes()]
        let content = 0
        while (host.clock.nowS() < startS + seconds) content += await once()
        await client.session.flush()
        const elapsedS = host.clock.nowS() - startS
        const share = content / elapsedS / bytesPerS
        const used = content / (bytes() - before)
        console.log(
          `| ${baud} | ${direction} | ${Math.round(content / elapsedS)} | ${(100 * share).toFixed(1)} % | ${(100 * used).toFixed(1)} % |`,
        )
        expect(share).toBeGreaterThan(0.8)
      }
      const { models } = await client.describe()
      const { inputs, outputs } = await client.tensors(models[0]!)
      const input = new Uint8Array(inputs[0]!.byteCount).fill(3)
      await measure(
        'host to device',
        () => crossed.out,
        async () => {
          await client.write(input)
          return input.length
        },
      )
      await measure(
        'device to host',
        () => crossed.in,
        async () => {
          const all = await Promise.all(Array.from({ length: 8 }, () => client.read(outputs[0]!.byteCount)))
          return all.reduce((sum, { length }) => sum + length, 0)
        },
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
