import type { Simd, Step } from '../program.ts'
import { addKernel } from './add.ts'
import { averageGlobalKernel, isGlobalAverage } from './average-global.ts'
import { chooseFloatKernel } from './choose-float.ts'
import { isPointwise, pointwiseKernel } from './conv-pointwise.ts'
import { convRowsKernel } from './conv-rows.ts'
import { convScalarKernel } from './conv-scalar.ts'
import { depthwiseKernel } from './depthwise.ts'
import { i16Dialect, u8Dialect } from './dialect.ts'
import type { ChosenKernel } from './kernel.ts'
import { loopsKernel } from './loops.ts'
import { moveKernel } from './move.ts'
import { pairTableKernel } from './pair-table.ts'
import { poolScalarKernel } from './pool-scalar.ts'
import { reduceKernel } from './reduce.ts'
import { copyKernel } from './reshape.ts'
import { softmaxKernel } from './softmax.ts'
import { softmaxFloatKernel } from './softmax-float.ts'
import { tableKernel } from './table.ts'

/** The kernel of a step, by its shape and the instructions at hand. */
export function chooseKernel(step: Step, simd: Simd): ChosenKernel {
  const vector = simd !== 'scalar'
  const dialect = simd === 'relaxed' ? u8Dialect : i16Dialect
  switch (step.kind) {
    case 'conv':
      if (!vector) return convScalarKernel(step)
      return isPointwise(step) ? pointwiseKernel(step, dialect) : convRowsKernel(step, dialect)
    case 'depthwise':
      return vector && step.geometry.inputChannels === step.geometry.outputChannels
        ? depthwiseKernel(step)
        : convScalarKernel(step)
    case 'average-pool':
    case 'max-pool':
      return vector && isGlobalAverage(step) ? averageGlobalKernel(step) : poolScalarKernel(step)
    case 'add':
      return addKernel(step, vector)
    case 'softmax':
      return step.semantics === 'tflm' ? softmaxKernel(step) : softmaxFloatKernel(step)
    case 'table':
      return tableKernel(step)
    case 'pair-table':
      return pairTableKernel(step)
    case 'move':
      return moveKernel(step)
    case 'reshape':
      return copyKernel(step)
    case 'reduce':
      return reduceKernel(step, vector)
    case 'loops':
      return loopsKernel(step)
    default:
      return chooseFloatKernel(step, simd)
  }
}
