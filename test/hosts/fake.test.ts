import { describe, expect, test } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { FakeClock } from '../../src/hosts/fake-clock.ts'

describe('the system tree of a fake host', () => {
  const { system } = fakeHost({
    root: {
      '/proc/device-tree/compatible': 'a\0b\0',
      '/sys/b/c:0/name': 'x\n',
      '/sys/empty/': '',
      '/dev/open': { node: true },
      '/dev/closed': { node: true, accessible: false },
      '/sys/secret': { unreadable: true },
    },
    ports: [{ path: '/dev/ttyACM0' }, { path: '/dev/ttyACM1', accessible: false }],
  })

  test('reads text without trailing NULs, and nothing else', async () => {
    expect(await system.readText('/proc/device-tree/compatible')).toBe('a\0b')
    for (const path of ['/sys/b', '/dev/open', '/sys/secret', '/none', '__proto__']) {
      expect(await system.readText(path)).toBeNull()
    }
  })

  test('lists folders', async () => {
    expect(await system.list('/')).toEqual(['dev', 'proc', 'sys'])
    expect(await system.list('/sys/b')).toEqual(['c:0'])
    expect(await system.list('/sys/empty')).toEqual([])
    expect(await system.list('/sys/secret')).toEqual([])
    expect(await system.exists('/sys/empty')).toBe(true)
    expect(await system.exists('/sys/none')).toBe(false)
  })

  test('knows what this user may open, ports included', async () => {
    const paths = [
      '/dev/open',
      '/dev/closed',
      '/sys/secret',
      '/sys/b/c:0/name',
      '/dev/ttyACM0',
      '/dev/ttyACM1',
      '/none',
    ]
    const open = await Promise.all(paths.map((path) => system.isAccessible(path)))
    expect(open).toEqual([true, false, false, true, true, false, false])
  })
})

describe('the files of a fake host', () => {
  test('live in memory', async () => {
    const { files } = fakeHost({ files: { '/a/b.txt': 'old' } })
    await files.write('/a/c/d.bin', Uint8Array.of(1, 2))
    const appender = await files.append('/a/log')
    for (let index = 0; index < 2000; index++) await appender.append(Uint8Array.of(index & 255))
    await appender.close()
    expect(await files.list('/a')).toEqual(['b.txt', 'c', 'log'])
    expect(await files.readText('/a/b.txt')).toBe('old')
    expect(await files.stat('/a/log')).toEqual({ kind: 'file', sizeBytes: 2000 })
    expect((await files.readBytes('/a/log'))[1999]).toBe(1999 & 255)
    expect(await files.stat('/a')).toEqual({ kind: 'folder', sizeBytes: 0 })
    expect(await files.stat('/package.json')).toBeNull()
    await expect(files.readText('/none')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(files.list('/none')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('lie over the real disk when it says so, and never write to it', async () => {
    const host = fakeHost({ readsDisk: true })
    const path = host.files.join(host.packageFolder, 'package.json')
    expect(JSON.parse(await host.files.readText(path)).name).toBe('milliwatt')
    await host.files.write(path, '{}')
    expect(await host.files.readText(path)).toBe('{}')
    expect(await fakeHost({ readsDisk: true }).files.readText(path)).toContain('milliwatt')
  })
})

test('commands and packages come from tables', async () => {
  const commands = { echo: (args: readonly string[]) => ({ stdout: args.join(' ') }), slow: null }
  const host = fakeHost({ commands, packages: { there: 1 } })
  expect(await host.command('echo', ['a', 'b'], 1)).toEqual({ exitCode: 0, stdout: 'a b', stderr: '' })
  expect([await host.command('slow', [], 1), await host.command('none', [], 1)]).toEqual([null, null])
  expect([await host.optionalPackage('there'), await host.optionalPackage('none')]).toEqual([1, null])
})

test('a port without permission and a port that is not there have their codes', async () => {
  const host = fakeHost({ ports: [{ path: '/dev/a', accessible: false }] })
  const codeOf = (path: string, code: 'METER_PERMISSION' | 'METER_NOT_FOUND') =>
    host.serial.open(path, { baudRate: 9600 }).then(
      () => false,
      (error) => isMilliwattError(error, code),
    )
  expect(await codeOf('/dev/a', 'METER_PERMISSION')).toBe(true)
  expect(await codeOf('/dev/b', 'METER_NOT_FOUND')).toBe(true)
})

describe('the fake clock', () => {
  test('stands still until it is moved, and wakes in order', async () => {
    const clock = new FakeClock(100)
    const woken: number[] = []
    const sleeps = [2, 1, 5].map((seconds) => clock.sleep(seconds).then(() => woken.push(seconds)))
    expect([clock.nowS(), clock.sleeperCount]).toEqual([100, 3])
    clock.advance(2)
    await Promise.all(sleeps.slice(0, 2))
    expect([woken, clock.elapsedS, clock.sleeperCount]).toEqual([[1, 2], 2, 1])
    expect(clock.wallTime().getTime()).toBe(102_000)
  })

  test('an abort wakes at once', async () => {
    const clock = new FakeClock()
    const stop = new AbortController()
    const sleep = clock.sleep(60, stop.signal)
    stop.abort()
    await sleep
    await clock.sleep(60, stop.signal)
    expect(clock.sleeperCount).toBe(0)
  })
})
