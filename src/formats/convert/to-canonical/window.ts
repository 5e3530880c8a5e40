import { type AttributeValue, type Node, numberAttribute, numbersAttribute } from '../../../graph/graph.ts'

/** How a window slides over the height and width of a stored tensor. */
export interface StoredWindow {
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly pads: Readonly<Record<'padTop' | 'padBottom' | 'padLeft' | 'padRight', number>>
  /** Height and width of the result. */
  readonly extent: readonly number[]
}

/** 1-D lists get the height's value in front. */
function pair(values: readonly number[], height: number): readonly number[] {
  return values.length === 1 ? [height, ...values] : values
}

function samePads(length: number, stride: number, reach: number, upper: boolean): readonly [number, number] {
  const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length)
  const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)]
  return upper ? [less, more] : [more, less]
}

/** Pads by axis, begin and end: explicit, or by the rule that auto_pad names. */
function padPairs(node: Node, lengths: readonly number[], strides: readonly number[], reach: readonly number[]) {
  const rule = String(node.attributes.auto_pad ?? 'NOTSET')
  if (rule.startsWith('SAME'))
    return lengths.map((length, axis) => samePads(length, strides[axis]!, reach[axis]!, rule === 'SAME_UPPER'))
  const given = rule === 'VALID' ? [] : numbersAttribute(node, 'pads', [])
  const half = given.length / 2
  const [begin, end] = [pair(given.slice(0, half), 0), pair(given.slice(half), 0)]
  return lengths.map((_, axis) => [begin[axis] ?? 0, end[axis] ?? 0] as const)
}

interface AxisWindow {
  readonly length: number
  readonly stride: number
  readonly reach: number
  readonly pads: readonly [number, number]
  /** A last window that hangs over the end counts, if it begins before it. */
  readonly ceil: boolean
}

interface AxisExtent {
  readonly count: number
  readonly padEnd: number
}

function extentOf({ length, stride, reach, pads: [begin, end], ceil }: AxisWindow): AxisExtent {
  const whole = Math.floor((length + begin + end - reach) / stride) + 1
  const hangs = ceil && whole * stride < length + begin && (length + begin + end - reach) % stride !== 0
  if (!hangs) return { count: whole, padEnd: end }
  return { count: whole + 1, padEnd: whole * stride + reach - length - begin }
}

/**
 * Window of a Conv or pool over a stored tensor [N, H, W, C].
 * @param kernel height and width
 */
export function windowOf(node: Node, stored: readonly number[], kernel: readonly number[]): StoredWindow {
  const list = (name: string) => pair(numbersAttribute(node, name, [1, 1]), 1)
  const [strides, dilations] = [list('strides'), list('dilations')]
  const lengths = stored.slice(1, 3)
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]! + 1)
  const pads = padPairs(node, lengths, strides, reach)
  const ceil = numberAttribute(node, 'ceil_mode', 0) === 1
  const [rows, columns] = lengths.map((length, axis) =>
    extentOf({ length, stride: strides[axis]!, reach: reach[axis]!, pads: pads[axis]!, ceil }),
  ) as [AxisExtent, AxisExtent]
  return {
    strides,
    dilations,
    pads: { padTop: pads[0]![0], padBottom: rows.padEnd, padLeft: pads[1]![0], padRight: columns.padEnd },
    extent: [rows.count, columns.count],
  }
}

/** Attributes of a pool over the window. */
export function poolAttributes(
  { strides, pads }: StoredWindow,
  kernel: readonly number[],
  activation: string,
): Readonly<Record<string, AttributeValue>> {
  return {
    strideW: strides[1]!,
    strideH: strides[0]!,
    filterW: kernel[1]!,
    filterH: kernel[0]!,
    activation,
    ...pads,
  }
}
