import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isMilliwattError } from '../../src/core/errors.ts'
import { fakeHost } from '../../src/hosts/fake.ts'
import { chipOf, loadTargets, parseTarget } from '../../src/targets/load.ts'
import { boardSchema, chipSchema, targetJsonSchema, targetSchema } from '../../src/targets/schema.ts'

const folder = new URL('../../targets/', import.meta.url)
const kinds = ['chips', 'boards', 'accelerators', 'meters']
const files = kinds.flatMap((kind) =>
  readdirSync(new URL(`${kind}/`, folder)).map((name) => ({ path: `${kind}/${name}`, kind: kind.slice(0, -1) })),
)
const textOf = (path: string) => readFileSync(new URL(path, folder), 'utf8')

/** Every number below a value, with the object that holds it. */
function numbersIn(value: unknown, path = ''): { path: string; holder: Record<string, unknown> }[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = `${path}.${key}`
    if (typeof inner === 'number') return [{ path: at, holder: value as Record<string, unknown> }]
    return numbersIn(inner, at)
  })
}

describe.each(files)('$path', ({ path, kind }) => {
  const value = JSON.parse(textOf(path)) as Record<string, unknown>

  test('follows its schema and is of the kind of its folder', () => {
    const read = targetSchema.safeParse(value)
    expect(read.error?.issues ?? []).toEqual([])
    expect(value.kind).toBe(kind)
    expect(path.endsWith(`/${value.id}.json`)).toBe(true)
  })

  test('has a source beside every number', () => {
    for (const { path: at, holder } of numbersIn(value).filter((number) => number.path !== '.version')) {
      expect(at).toMatch(/\.value$/)
      expect(holder.source, at).toEqual(expect.any(String))
    }
  })

  test('names the unit of every number in the field, but for counts', () => {
    const fields = numbersIn(value).map(({ path: at }) => at.split('.').at(-2) ?? '')
    for (const field of fields.filter((name) => name !== ''))
      expect(field).toMatch(/(Hz|Bytes|V|W|A|PerS|ount|Uncertainty)$/)
  })
})

test('target.schema.json is what the schema generates', () => {
  expect(JSON.parse(textOf('target.schema.json'))).toEqual(JSON.parse(JSON.stringify(targetJsonSchema())))
})

test('all targets load, and every id resolves', async () => {
  const targets = await loadTargets(fakeHost({ readsDisk: true }))
  for (const board of targets.boards.values()) expect(chipOf(targets, board).id).toBe(board.chip)
  expect(targets.chips.get('alif-e7')?.accelerators).toEqual(['ethos-u55'])
  expect(targets.boards.get('nucleo-l4r5zi')?.power?.activeW?.value).toBeCloseTo(0.0422)
  expect([targets.boards.size, targets.accelerators.size]).toEqual([21, 13])
})

test('the README of targets names every field', () => {
  const readme = textOf('README.md')
  const fieldsOf = (value: unknown): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([key, inner]) => [...(Array.isArray(value) ? [] : [key]), ...fieldsOf(inner)])
  const fields = new Set(files.flatMap(({ path }) => fieldsOf(JSON.parse(textOf(path)))))
  expect([...fields].filter((field) => !readme.includes(`\`${field}\``))).toEqual([])
})

describe('a wrong target', () => {
  const chip = JSON.parse(textOf('chips/rp2040.json')) as Record<string, unknown>
  const board = JSON.parse(textOf('boards/raspberry-pi-pico.json')) as Record<string, unknown>
  const errorOf = async (run: () => unknown) => {
    try {
      await run()
    } catch (error) {
      return isMilliwattError(error, 'TARGET_INVALID') ? error.message : `other: ${error}`
    }
    return 'no error'
  }
  const hostWith = (files: Record<string, unknown>) =>
    fakeHost({
      packageFolder: '/p',
      files: {
        '/p/targets/accelerators/readme.txt': '',
        '/p/targets/meters/readme.txt': '',
        ...Object.fromEntries(
          Object.entries(files).map(([path, value]) => [`/p/targets/${path}`, JSON.stringify(value)]),
        ),
      },
    })

  test.each([
    ['a missing source', { ...chip, ramBytes: { value: 264 } }, 'ramBytes.source'],
    ['a bare number', { ...chip, ramBytes: 264 }, 'ramBytes'],
    ['an unknown field', { ...chip, ram: 1 }, 'ram'],
    ['another version', { ...chip, version: 2 }, 'version'],
    ['no cores', { ...chip, cores: [] }, 'cores'],
    ['a negative size', { ...chip, ramBytes: { value: -1, source: 'somewhere' } }, 'ramBytes.value'],
    ['another kind', { ...chip, kind: 'board' }, 'kind'],
    ['another id', { ...chip, id: 'rp2041' }, 'id'],
  ])('%s is refused by file and field', async (_, value, field) => {
    const message = await errorOf(() => parseTarget('chips/rp2040.json', JSON.stringify(value), chipSchema))
    expect(message).toContain('chips/rp2040.json')
    expect(message).toContain(field)
  })

  test('a USB id in upper case is refused', async () => {
    const usb = [{ vendorId: '2E8A', productId: '0003', what: 'bootloader', exclusive: true, source: 'somewhere' }]
    const text = JSON.stringify({ ...board, usb })
    const message = await errorOf(() => parseTarget('boards/raspberry-pi-pico.json', text, boardSchema))
    expect(message).toContain('usb.0.vendorId')
  })

  test('text that is not JSON is refused', async () => {
    expect(await errorOf(() => parseTarget('chips/a.json', '{', chipSchema))).toContain('not JSON')
  })

  test('a board with an unknown chip is refused', async () => {
    const host = hostWith({ 'chips/rp2040.json': chip, 'boards/raspberry-pi-pico.json': { ...board, chip: 'z80' } })
    const message = await errorOf(() => loadTargets(host))
    expect(message).toContain('raspberry-pi-pico.json')
    expect(message).toContain('no chip "z80"')
  })

  test('a chip with an unknown accelerator is refused', async () => {
    const host = hostWith({
      'chips/rp2040.json': { ...chip, accelerators: ['abacus'] },
      'boards/raspberry-pi-pico.json': board,
    })
    expect(await errorOf(() => loadTargets(host))).toContain('no accelerator "abacus"')
  })

  test('a missing folder is refused by name', async () => {
    const message = await errorOf(() => loadTargets(fakeHost({ packageFolder: '/nowhere' })))
    expect(message).toMatch(/nowhere.*(chips|boards|accelerators|meters)/)
  })
})
