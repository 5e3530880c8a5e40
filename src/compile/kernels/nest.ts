import type { FunctionBuilder, Local } from '../wasm/function.ts'

/** A run of axes that are walked as one: `stride` bytes lie between neighbours. */
export interface Extent {
  readonly length: number
  readonly stride: number
  readonly marked: boolean
}

/** The axes of a dense shape; neighbours with the same mark are one, axes of length 1 are left out. */
export function extentsOf(shape: readonly number[], marks: readonly boolean[], bytes: number): Extent[] {
  const extents: Extent[] = []
  let stride = bytes
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis]!
    const marked = marks[axis]!
    const inner = extents[0]
    if (length > 1 && inner?.marked === marked) extents[0] = { ...inner, length: inner.length * length }
    else if (length > 1) extents.unshift({ length, stride, marked })
    stride *= length
  }
  return extents
}

/** Loops over extents, the first one outermost. The body gets a local with the address of the element. */
export function emitNest(
  f: FunctionBuilder,
  extents: readonly Extent[],
  base: Local,
  body: (address: Local) => void,
): void {
  const [outer, ...inner] = extents
  if (!outer) {
    body(base)
    return
  }
  const [counter, address] = [f.local('i32'), f.local('i32')]
  f.get(base).set(address)
  f.count(counter, 0, outer.length, 1, () => {
    emitNest(f, inner, address, body)
    f.advance(address, outer.stride)
  })
}
