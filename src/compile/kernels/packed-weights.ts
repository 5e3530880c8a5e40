import type { Geometry } from '../program.ts'
import type { Dialect } from './dialect.ts'

/** A stretch of contiguous packed activations that a filter covers: `elements` of row `row` from column `column`. */
export interface Run {
  readonly row: number
  readonly column: number
  readonly elements: number
  /** Steps of the dot product, padded with zero weights. */
  readonly steps: number
  /** Steps an iteration of the inner loop; equal to `steps` when there is no loop. */
  readonly unroll: number
}

/** The runs of a filter: one a row, or one a tap where columns are dilated. */
export function runsOf({ geometry: g }: { readonly geometry: Geometry }, dialect: Dialect): Run[] {
  const taps = g.dilationWidth === 1 ? [{ column: 0, elements: g.filterWidth * g.inputChannels }] : []
  if (g.dilationWidth !== 1)
    for (let kx = 0; kx < g.filterWidth; kx++) taps.push({ column: kx * g.dilationWidth, elements: g.inputChannels })
  return Array.from({ length: g.filterHeight }, (_, row) =>
    taps.map((tap) => {
      const steps = Math.ceil(tap.elements / dialect.stepElements)
      return { row, ...tap, steps, unroll: 1 }
    }),
  ).flat()
}

/** A convolution's weights in OHWI. */
export interface Filter<T> {
  readonly geometry: Geometry
  readonly weights: T
}

/** Weights in the order in which the tile reads them: [block][run][step][channel][element of the step]. */
export function packWeights<T extends Int8Array | Float32Array>(
  step: Filter<T>,
  runs: readonly Run[],
  dialect: Dialect,
  block: number,
): T {
  const { geometry: g, weights } = step
  const channels = g.outputChannels
  const blocks = Math.ceil(channels / block)
  const size = g.filterHeight * g.filterWidth * g.inputChannels
  const perChannel = runs.reduce((sum, run) => sum + run.steps, 0) * dialect.stepElements
  const packed = new (weights.constructor as new (length: number) => T)(blocks * block * perChannel)
  let at = 0
  for (let first = 0; first < blocks * block; first += block)
    for (const run of runs) {
      const start = (run.row * g.filterWidth + run.column / g.dilationWidth) * g.inputChannels
      for (let s = 0; s < run.steps; s++)
        for (let channel = first; channel < first + block; channel++)
          for (let element = 0; element < dialect.stepElements; element++, at++) {
            const k = s * dialect.stepElements + element
            if (channel < channels && k < run.elements) packed[at] = weights[channel * size + start + k]!
          }
    }
  return packed
}
