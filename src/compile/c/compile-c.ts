import type { Graph } from '../../graph/graph.ts'
import { lowerGraph } from '../lower/lower.ts'
import { pruneProgram } from '../passes/prune.ts'
import type { Semantics } from '../program.ts'
import { type CModel, type COptions, renderC } from './render.ts'

/** How to compile a graph to C. */
export interface CompileCOptions extends COptions {
  readonly semantics?: Semantics
  /** Leaves out channels that are proved constant; on unless `keepAll`. Outputs are the same either way. */
  readonly prune?: boolean
}

/** Compiles a graph to C. @throws MilliwattError OP_UNSUPPORTED that names the first node which cannot be compiled */
export function compileC(graph: Graph, options: CompileCOptions): CModel {
  const program = lowerGraph(graph, options.semantics ?? 'tflm')
  return renderC((options.prune ?? !options.keepAll) ? pruneProgram(program) : program, options)
}
