import { pool } from '../loops/pooling.ts'
import { LoopWriter } from '../loops/writer.ts'
import type { PoolStep } from '../program.ts'
import type { ChosenKernel } from './kernel.ts'
import { loopsKernel } from './loops.ts'

/** Average or maximum over windows clipped to the image, one by one. */
export function poolScalarKernel(step: PoolStep): ChosenKernel {
  const w = new LoopWriter()
  const [x, out] = [w.value(step.inputs[0]!), w.value(step.output)]
  pool(w, {
    mode: step.kind === 'max-pool' ? 'max' : 'average',
    semantics: step.semantics,
    geometry: step.geometry,
    scalar: 'i32',
    zeroPoint: step.inputs[0]!.zeroPoint,
    range: [step.min, step.max],
    load: (at) => w.load(x, at),
    store: (at, value) => w.store(out, at, value),
  })
  return loopsKernel(w.step(step, step.output, step.kind))
}
