import type { OpDef } from '../ops/op-def.ts'
import { arrangeOps } from './arrange.ts'
import { denseOps } from './dense.ts'
import { elementwiseOps } from './elementwise.ts'
import { moveOps } from './move.ts'
import { recurrentOps } from './recurrent.ts'
import { reduceOps } from './reduce.ts'
import { selectOps } from './select.ts'
import { signalOps } from './signal.ts'
import { windowedOps } from './windowed.ts'

/** Every operator of canonical graphs that milliwatt has rules for, by name. */
export const tfliteOpDefs: ReadonlyMap<string, OpDef> = new Map(
  [
    ...windowedOps,
    ...denseOps,
    ...elementwiseOps,
    ...reduceOps,
    ...moveOps,
    ...selectOps,
    ...recurrentOps,
    ...arrangeOps,
  ].map((def) => [def.op, def]),
)

/** Custom operators that milliwatt has rules for, by name. */
export const customOpDefs: ReadonlyMap<string, OpDef> = new Map(signalOps.map((def) => [def.op, def]))
