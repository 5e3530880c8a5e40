import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { interpret } from '../../src/graph/reference/interpret.ts'
import { milliwatt } from '../support/cli.ts'
import { needs, toolPath } from '../support/needs.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const strict = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic']

/** What a user of the C writes: inputs from standard input, outputs to standard output. */
const main = `#include <stdio.h>
#include "net.h"
static unsigned char arena[NET_ARENA_BYTES] __attribute__((aligned(NET_ARENA_ALIGNMENT)));
int main(void)
{
  if (fread(arena + NET_INPUT_0_OFFSET, 1, NET_INPUT_0_BYTES, stdin) != NET_INPUT_0_BYTES) return 1;
  net_run(arena);
  fwrite(arena + NET_OUTPUT_0_OFFSET, 1, NET_OUTPUT_0_BYTES, stdout);
  return 0;
}
`

needs('cc')('milliwatt compile to C', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'milliwatt-compile-c-'))
    writeFileSync(join(folder, 'small.tflite'), writeTflite(smallNetwork()))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const call = (...args: string[]) => milliwatt(['compile', 'small.tflite', ...args], { cwd: folder })
  const run = (command: string, args: readonly string[], input?: Uint8Array) =>
    spawnSync(command, args, { cwd: folder, ...(input ? { input } : {}) })

  it('writes all that a plain compiler needs, free of warnings, and the program computes what the model does', async () => {
    const { code, stdout, stderr } = await call('-o', 'out/net.c')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^out\/net\.c: C99, tflm semantics; build it with "cc -std=c99 -O2 -c net\.c"\nwritten beside/,
    )
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(['include', 'kernels', 'net.c', 'net.h'])
    writeFileSync(join(folder, 'out', 'main.c'), main)
    const built = run(toolPath('cc')!, [...strict, '-O2', '-o', 'net', 'out/main.c', 'out/net.c', '-lm'])
    expect(built.stderr.toString()).toBe('')
    const values = Int8Array.from({ length: 60 }, (_, index) => index * 4 - 120)
    const made = run(join(folder, 'net'), [], new Uint8Array(values.buffer))
    const expected = interpret(smallNetwork(), [values], 'tflm').get('y') as Int8Array
    expect(new Int8Array(Uint8Array.from(made.stdout).buffer)).toEqual(expected)
  })

  it('writes kernels that compile alone, and names of files that are no names in C', async () => {
    expect((await call('-o', 'other/2nd-net.c', '--semantics', 'fp32')).code).toBe(0)
    expect(readFileSync(join(folder, 'other', 'model_2nd_net.c'), 'utf8')).toContain(
      'void model_2nd_net_run(void *arena)',
    )
    for (const kernel of readdirSync(join(folder, 'other', 'kernels'))) {
      const built = run(toolPath('cc')!, [...strict, '-c', '-o', 'kernel.o', join('other', 'kernels', kernel)])
      expect([kernel, built.stderr.toString()]).toEqual([kernel, ''])
    }
  })

  it('writes a folder with a README that tells the bytes', async () => {
    const { code, stdout } = await call('--to', 'c', '--out', 'folder')
    expect([code, stdout]).toEqual([0, expect.stringContaining('README.md')])
    expect(readdirSync(join(folder, 'folder')).sort()).toEqual([
      'README.md',
      'include',
      'kernels',
      'small.c',
      'small.h',
    ])
    const [page, header] = ['README.md', 'small.h'].map((name) => readFileSync(join(folder, 'folder', name), 'utf8'))
    const arena = /SMALL_ARENA_BYTES (\d+)/.exec(header!)![1]
    expect(page).toContain(`- RAM: ${arena} bytes, the arena`)
    expect(page).toMatch(toolPath('a compiler for Cortex-M') ? /\| Cortex-M4F \| \d+ \|/ : /not compiled here/)
    const built = run(toolPath('cc')!, [...strict, '-c', '-o', 'small.o', join('folder', 'small.c')])
    expect(built.stderr.toString()).toBe('')
  })

  it('refuses what has no meaning for C', async () => {
    const { code, stderr } = await call('-o', 'a.c', '--simd', 'relaxed')
    expect([code, stderr]).toEqual([2, expect.stringContaining('--simd')])
  })
})
