import { nodeHost } from '../hosts/node.ts'
import { openRuntimeOn, type Runtime, type RuntimeOptions } from '../index.ts'

export * from '../index.ts'
export { nodeHost }

/**
 * Opens a runtime on this Node process.
 * @throws MilliwattError METER_*, TARGET_INVALID, BACKEND_UNKNOWN
 */
export function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  return openRuntimeOn(nodeHost(), options)
}
