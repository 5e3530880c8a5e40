import { type Node, numberAttribute } from '../../../graph/graph.ts'
import { lengthsOf } from '../constants.ts'
import { emit, inputOf, type OnnxContext, outputOf, toNchw } from './context.ts'
import { listConstant } from './move.ts'
import { moved, result } from './result.ts'
import { real, stored } from './values.ts'

/** ONNX's name of the rule by which output places map to input places. */
function placing(node: Node): 'align_corners' | 'half_pixel' | 'asymmetric' {
  if (numberAttribute(node, 'alignCorners', 0) === 1) return 'align_corners'
  return numberAttribute(node, 'halfPixelCenters', 0) === 1 ? 'half_pixel' : 'asymmetric'
}

/** RESIZE_NEAREST_NEIGHBOR (of stored elements) and RESIZE_BILINEAR (of reals). */
export const resizeFromCanonical =
  (mode: 'nearest' | 'linear') =>
  (context: OnnxContext, node: Node): void => {
    const lengths = lengthsOf(outputOf(context, node))
    const sizes = listConstant(
      context,
      node,
      'sizes',
      toNchw.map((axis) => lengths[axis]!),
    )
    const rule = placing(node)
    const nearest = { nearest_mode: rule === 'asymmetric' ? 'floor' : 'round_prefer_ceil' }
    const attributes = { mode, coordinate_transformation_mode: rule, ...(mode === 'nearest' ? nearest : {}) }
    const [put, input] = mode === 'nearest' ? [moved, stored] : [result, real]
    const source = input(context, inputOf(context, node, 0), 'nchw')
    put(context, node, 'nchw', (output) => emit(context, 'Resize', [source, '', '', sizes], output, attributes))
  }
