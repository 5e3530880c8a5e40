import { describe, expect, it } from 'vitest'
import { milliwatt } from '../support/cli.ts'

describe('milliwatt meters', () => {
  it('lists every driver, with what it found or why it found nothing', async () => {
    const { code, stdout, stderr } = await milliwatt(['meters'])
    expect([code, stderr]).toEqual([0, ''])
    for (const line of stdout.trim().split('\n')) expect(line).toMatch(/^(found|not usable|absent): \S+/)
    for (const name of ['ppk2', 'lpm01a', 'serial-line', 'scpi', 'powercap', 'nvidia']) expect(stdout).toContain(name)
    const json = JSON.parse((await milliwatt(['meters', '--json'])).stdout)
    expect(json.version).toBe(1)
    for (const { driver, meters, reason } of json.drivers)
      expect([driver, meters.length > 0 || reason.length > 5]).toEqual([driver, true])
  })

  it('reads one meter, and marks every figure with its provenance', async () => {
    const { code, stdout, stderr } = await milliwatt(['meters', 'emulated:lpm01a', '--seconds', '0.5'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/Mean power +26\.\d+ mW \(emulated\)/)
    const json = JSON.parse((await milliwatt(['meters', 'emulated:serial-line', '--seconds', '0.5', '--json'])).stdout)
    expect(json).toMatchObject({ version: 1, power: { provenance: 'emulated' }, problem: null })
    expect(json.counts.lost).toBe(0)
    expect(json.meter.accuracy.gain).toBeGreaterThan(0)
  })

  it('ends with 1 when the meter goes away, and still tells what it read', async () => {
    const { code, stdout } = await milliwatt(['meters', 'emulated:unplug=0.3', '--seconds', '2'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/Ended early +\S+: The meter went away/)
    expect(stdout).toMatch(/Mean power/)
  })

  it('names the drivers and settings there are when one is not known', async () => {
    const unknown = await milliwatt(['meters', 'ppk3'])
    expect([unknown.code, unknown.stdout]).toEqual([2, ''])
    expect(unknown.stderr).toMatch(/METER_UNKNOWN.*lpm01a/)
    const setting = await milliwatt(['meters', 'emulated:lpm01a,speed=3'])
    expect(setting.code).toBe(2)
    expect(setting.stderr).toMatch(/"speed=3" is no setting.*rate:/)
  })
})
