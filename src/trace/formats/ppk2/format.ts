import type { TraceFormat } from '../format.ts'
import { openPpk2File } from './read.ts'
import { createPpk2File } from './write.ts'

/** A session of Nordic's Power Profiler app: a zip with `session.raw`, `metadata.json` and `minimap.raw`. */
export const ppk2Format: TraceFormat = {
  name: 'ppk2',
  summary: "a session of Nordic's Power Profiler app",
  endings: ['.ppk2'],
  detects: async ({ path, head }) =>
    head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4 && /\.(ppk2|zip)$/i.test(path),
  open: openPpk2File,
  create: createPpk2File,
}
