import { expect, it } from 'vitest'
import { nodeHost } from '../../../src/hosts/node.ts'
import { writeCommand } from '../../../src/meters/ppk2/commands.ts'
import { EmulatedPpk2 } from '../../../src/meters/ppk2/emulator.ts'

it('stamps samples with the time up to which they were taken, however long a blocked loop made it catch up', async () => {
  const { clock } = nodeHost()
  const emulator = new EmulatedPpk2({ clock })
  await using link = emulator.link()
  const lastLagS = new Map<number, number>()
  let samples = 0
  link.onData((chunk, arrivalS) => {
    samples += chunk.length / 4
    lastLagS.set(arrivalS, arrivalS - samples / 100_000)
  })
  await link.write(writeCommand({ kind: 'start' }))
  for (const blockS of [0.005, 0.3, 0.02, 0.5, 0.01]) {
    const untilS = clock.nowS() + blockS
    while (clock.nowS() < untilS);
    await clock.sleep(0.01)
  }
  const lags = [...lastLagS.values()]
  expect(lags.length).toBeGreaterThanOrEqual(5)
  expect(Math.max(...lags) - Math.min(...lags)).toBeLessThan(20e-6)
})
