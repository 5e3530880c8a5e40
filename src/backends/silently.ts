import type { CFunction, Koffi } from './koffi.ts'

const errorOutput = 2
const writeOnly = 1

/** Runs something and gives its result. */
export type Silently = <Result>(action: () => Result) => Result

interface Descriptors {
  readonly open: CFunction
  readonly close: CFunction
  readonly dup: CFunction
  readonly dup2: CFunction
}

function descriptorsOf(koffi: Koffi): Descriptors | null {
  try {
    const c = koffi.load(null)
    return {
      open: c.func('int open(const char *path, int flags)'),
      close: c.func('int close(int descriptor)'),
      dup: c.func('int dup(int descriptor)'),
      dup2: c.func('int dup2(int from, int to)'),
    }
  } catch {
    return null
  }
}

/**
 * Makes a function that runs something while the process's error output goes nowhere, for C libraries that print
 * there without being asked. Where the system has no POSIX descriptors, they print.
 */
export function silencer(koffi: Koffi): Silently {
  const c = descriptorsOf(koffi)
  return (action) => {
    const nowhere = c ? c.open('/dev/null', writeOnly) : -1
    if (!c || nowhere < 0) return action()
    const kept = c.dup(errorOutput)
    c.dup2(nowhere, errorOutput)
    c.close(nowhere)
    try {
      return action()
    } finally {
      c.dup2(kept, errorOutput)
      c.close(kept)
    }
  }
}
