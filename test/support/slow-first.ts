import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Beginnings of the paths of tests that take longest, the longest first. */
const slow = [
  'test/readme.test',
  'test/cli/',
  'test/models/',
  'test/backends/',
  'test/conformance/backend',
  'test/compile/',
  'test/firmware/',
  'test/meters/',
]

/** Starts slow tests first, so that none of them is alone at the end while the other cores have nothing to do. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const path = moduleId.slice(this.ctx.config.root.length + 1)
      const found = slow.findIndex((beginning) => path.startsWith(beginning))
      return found < 0 ? slow.length : found
    }
    const usual = await super.sort(files)
    return usual.sort((a, b) => rank(a) - rank(b))
  }
}
