import { describe, expect, it } from 'vitest'
import type { Backend, Executable } from '../../src/backends/backend.ts'
import type { Device } from '../../src/core/device.ts'
import { benches } from '../../src/cost/bench-layers.ts'
import { PreparedAside } from '../../src/loop/bench-aside.ts'
import type { BenchPlace } from '../../src/loop/bench-place.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const host = testHost(temporaryFolder())
const settled = () => new Promise((resolve) => setTimeout(resolve, 20))

/** A backend whose n-th model cannot be prepared where `refused` says so; notes what was made and disposed of. */
function place(jobs: number, refused: readonly number[] = []) {
  const made: number[] = []
  const disposed: number[] = []
  const backend: Backend = {
    name: 'aside',
    summary: '',
    form: 'canonical',
    available: async () => ({ ok: true, engine: 'aside' }),
    supports: () => ({ ok: true }),
    semantics: () => null,
    prepare: async () => {
      const index = made.length
      made.push(index)
      if (refused.includes(index)) throw new Error('not this one')
      return { index, [Symbol.asyncDispose]: async () => void disposed.push(index) } as unknown as Executable
    },
  }
  const device: Device = { id: 'cpu', kind: 'cpu', name: '', facts: {}, sources: [] }
  const of: BenchPlace = {
    id: 'aside cpu',
    backend,
    device,
    engine: 'aside',
    jobs: benches.slice(0, jobs),
    figures: {},
    spentS: 0,
    built: 0,
  }
  return { of, made, disposed }
}

describe('engines that are prepared aside', () => {
  it('come in order, a few ahead, and their jobs are done once they are taken', async () => {
    const { of, made } = place(7)
    const names = of.jobs.map((job) => job)
    const aside = new PreparedAside(host, of)
    await settled()
    expect(made).toHaveLength(4)
    expect(of.jobs).toHaveLength(7)
    const first = aside.take()
    expect(first.map(({ job }) => job)).toEqual(names.slice(0, 4))
    expect(of.jobs).toEqual(names.slice(4))
    await aside.wait()
    await settled()
    expect(aside.take().map(({ job }) => job)).toEqual(names.slice(4))
    expect(of.jobs).toEqual([])
    await aside.wait()
    expect(aside.take()).toEqual([])
  })

  it('are left out where they cannot be had, and dropped where nobody takes them', async () => {
    const { of, disposed } = place(6, [1])
    const aside = new PreparedAside(host, of)
    await settled()
    expect(aside.take()).toHaveLength(3)
    expect(of.jobs).toHaveLength(2)
    await settled()
    await aside[Symbol.asyncDispose]()
    expect(disposed).toEqual([4, 5])
    expect(of.jobs).toHaveLength(2)
  })
})
