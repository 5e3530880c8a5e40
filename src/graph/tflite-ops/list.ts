import type { OpDef } from '../ops/op-def.ts'
import { denseOps } from './dense.ts'
import { elementwiseOps } from './elementwise.ts'
import { moveOps } from './move.ts'
import { reduceOps } from './reduce.ts'
import { selectOps } from './select.ts'
import { windowedOps } from './windowed.ts'

/** Every operator of canonical graphs that milliwatt has rules for, by name. */
export const tfliteOpDefs: ReadonlyMap<string, OpDef> = new Map(
  [...windowedOps, ...denseOps, ...elementwiseOps, ...reduceOps, ...moveOps, ...selectOps].map((def) => [def.op, def]),
)
