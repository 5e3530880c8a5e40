import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeviceFinder } from '../../src/core/device.ts'
import { describeFinding } from '../../src/devices/describe.ts'
import { deviceFinders, findDevices } from '../../src/devices/list.ts'
import { type FakeEntry, fakeHost } from '../../src/hosts/fake.ts'
import { machineHost, machineNames, ownTargets, recordingOf } from './fixture.ts'

const targets = await ownTargets()
const finder = (find: DeviceFinder['find']): DeviceFinder => ({ name: 'odd', kind: 'npu', find })

describe('findDevices', () => {
  test('a finder that throws becomes an absence with the reason; the others go on', async () => {
    const finders = [finder(() => Promise.reject(new Error('bus on fire'))), ...deviceFinders(targets)]
    const findings = await findDevices(machineHost('bare-vm'), targets, finders)
    expect(findings[0]).toEqual({ status: 'absent', kind: 'npu', reason: 'the search failed: bus on fire' })
    expect(findings[1]).toMatchObject({ status: 'found', kind: 'cpu' })
  })

  test('a finder that throws at once becomes an absence too', async () => {
    const thrower = finder(() => {
      throw new Error('at once')
    })
    expect(await findDevices(fakeHost(), targets, [thrower])).toMatchObject([{ status: 'absent' }])
  })

  test('a finder that hangs is given up at its deadline', async () => {
    const host = fakeHost()
    const search = findDevices(host, targets, [finder(() => new Promise(() => {}))])
    host.clock.advance(15)
    expect(await search).toEqual([{ status: 'absent', kind: 'npu', reason: 'the search gave no answer within 15 s' }])
  })

  test('no timer is left behind', async () => {
    const host = machineHost('raspberry-pi-5')
    await findDevices(host, targets)
    expect(host.clock.sleeperCount).toBe(0)
  })

  test('names and kinds of the finders', () => {
    expect(deviceFinders(targets).map((each) => each.kind)).toEqual(['cpu', 'gpu', 'npu', 'board', 'board', 'meter'])
  })
})

describe('garbage', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '',
      '\0',
      '-1',
      '99999999999999999999',
      '0x',
      'nan',
      ':',
      '=',
      'processor: x',
      '\n\n\n',
      '__proto__: 1',
    ),
  )
  const entry: fc.Arbitrary<FakeEntry> = fc.oneof(
    text,
    fc.constant({ unreadable: true } as const),
    fc.record({ node: fc.constant(true as const), accessible: fc.boolean() }),
  )

  test('in the files of a recorded machine never throws', async () => {
    const choice = fc.constantFrom(...machineNames)
    await fc.assert(
      fc.asyncProperty(
        choice,
        fc.array(fc.tuple(fc.nat(), entry), { minLength: 1, maxLength: 40 }),
        async (name, edits) => {
          const paths = Object.keys(recordingOf(name).root)
          const root = Object.fromEntries(edits.map(([at, value]) => [paths[at % paths.length]!, value]))
          const findings = await findDevices(machineHost(name, { root }), targets)
          expect(findings.some((finding) => finding.status === 'absent' && finding.reason.includes('failed'))).toBe(
            false,
          )
          for (const finding of findings) expect(describeFinding(finding)).not.toMatch(/\n|undefined|NaN/)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('in ports and commands never throws', async () => {
    const port = fc.record({ path: text, vendorId: text, productId: text, serialNumber: text, location: text })
    await fc.assert(
      fc.asyncProperty(
        fc.array(port, { maxLength: 4 }),
        text,
        fc.constantFrom('linux', 'darwin', 'win32', 'aix'),
        async (ports, stdout, platform) => {
          const commands = { sysctl: { stdout }, 'nvidia-smi': { stdout }, 'powershell.exe': { stdout } }
          const findings = await findDevices(fakeHost({ platform, ports, commands }), targets)
          expect(findings.some((finding) => finding.status === 'absent' && finding.reason.includes('failed'))).toBe(
            false,
          )
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('describeFinding', () => {
  const device = { id: 'x', kind: 'npu' as const, name: 'Thing', sources: [] }

  test('is one line for each status', () => {
    const facts = {
      maximumHz: 2.4e9,
      memoryBytes: 8 * 2 ** 30,
      isa: ['a', 'b'],
      clusters: ['a, 1', 'b'],
      maximumCurrentA: 1,
    }
    expect(describeFinding({ status: 'found', kind: 'npu', device: { ...device, facts } })).toBe(
      'npu found: Thing (maximum 2.4 GHz; memory 8 GiB; isa a, b; clusters a, 1 | b; maximum current 1 A)',
    )
    expect(
      describeFinding({ status: 'unusable', kind: 'npu', device: { ...device, facts: {} }, reason: 'no', next: 'Do.' }),
    ).toBe('npu not usable: Thing. Reason: no. Next: Do.')
    expect(describeFinding({ status: 'absent', kind: 'gpu', reason: 'none' })).toBe('gpu absent: none.')
  })

  test('keeps control characters of a device out of the terminal', () => {
    const evil = { ...device, name: 'a\u001b[2Jb\nc', facts: {} }
    expect(describeFinding({ status: 'found', kind: 'npu', device: evil })).toBe('npu found: a [2Jb c')
  })
})
