import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const bench = resolve(import.meta.dirname, '../../bench/trace/hour.mjs')
const length = ['--minutes', '0.4', '--csv-minutes', '0.1']

// The bench runs every command on an hour of samples; what took the most there is run here on a short one. The heap has
// no limit, as a user's has none.
describe.skipIf(process.platform !== 'linux')('memory of the trace commands', () => {
  it('stays below 200 MB where it was more: Parquet, windows by the thousand', () => {
    const only = 'record whole|channel 0|parquet$'
    const { status, stdout, stderr } = spawnSync(process.execPath, [bench, ...length, '--only', only], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/trace convert to \.parquet .*\n.*trace inspect \.parquet .*\n.*trace compare/)
    expect(stdout).toMatch(/no command took more than 200 MB/)
    expect(status).toBe(0)
  }, 120_000)
})
