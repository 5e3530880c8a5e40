import { conv } from './conv.ts'
import { binaryOps, unaryOps } from './elementwise.ts'
import { gemm, matMul } from './gemm.ts'
import type { OpDef } from './op-def.ts'
import { poolOps } from './pool.ts'
import { recurrentOps } from './recurrent.ts'
import { reshapeOps } from './reshape.ts'

/** Every operator of the standard set that milliwatt has rules for, by name. */
export const opDefs: ReadonlyMap<string, OpDef> = new Map(
  [conv, gemm, matMul, ...unaryOps, ...binaryOps, ...poolOps, ...reshapeOps, ...recurrentOps].map((def) => [
    def.op,
    def,
  ]),
)
