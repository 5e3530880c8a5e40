import { MilliwattError } from '../core/errors.ts'

/**
 * A signal that aborts at the first Ctrl-C (or SIGTERM), so that the run can end tidily; a second one ends the
 * process at once.
 */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort(new MilliwattError('INTERRUPTED', 'run'))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
