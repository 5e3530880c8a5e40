import type { Node } from '../../../graph/graph.ts'
import { declare, emit, inputOf, type OnnxContext, outputOf } from './context.ts'
import { integersOf } from './move.ts'
import { moved } from './result.ts'
import { stored } from './values.ts'

/** ARG_MAX and ARG_MIN: ONNX gives int64, which a Cast brings to int32. */
export const argFromCanonical =
  (op: string) =>
  (context: OnnxContext, node: Node): void => {
    const input = stored(context, inputOf(context, node, 0), 'canonical')
    const attributes = { axis: integersOf(context, node, 1)[0]!, keepdims: 0 }
    const out = outputOf(context, node)
    moved(context, node, 'canonical', (output) => {
      const wide = out.dtype === 'int64' ? output : declare(context, out, 'canonical', 'int64', '/wide')
      emit(context, op, [input], wide, attributes)
      if (wide !== output) emit(context, 'Cast', [wide], output, { to: 6 })
    })
  }
