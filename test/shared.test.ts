import { afterEach, expect, it, vi } from 'vitest'
import { sharedPath } from './support/shared.ts'

afterEach(() => vi.unstubAllEnvs())

it('lets tests skip what is not in the shared folder, but fails by name in continuous integration', () => {
  vi.stubEnv('CI', 'false')
  expect(sharedPath('data', 'no-such-file')).toBeNull()
  vi.stubEnv('CI', 'true')
  expect(() => sharedPath('data', 'no-such-file')).toThrow(/^shared\/data\/no-such-file is not here\. Put/)
})
