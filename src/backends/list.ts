import { MilliwattError } from '../core/errors.ts'
import type { Backend } from './backend.ts'
import { board } from './board.ts'
import { compiled } from './compiled.ts'
import { litert } from './litert.ts'
import { native } from './native.ts'
import { onnxruntimeNode } from './onnxruntime-node.ts'
import { onnxruntimeWeb } from './onnxruntime-web.ts'
import { page } from './page.ts'
import { tfjsTflite } from './tfjs-tflite.ts'
import { tfliteC } from './tflite-c.ts'

/** Every backend that runs models on this machine. Their order means nothing: measurements choose. */
export const backends: readonly Backend[] = [
  compiled,
  native,
  onnxruntimeWeb,
  onnxruntimeNode,
  tfjsTflite,
  litert,
  tfliteC,
  page,
  board,
]

/** The backends of these names, or all but those that want to be named. @throws MilliwattError BACKEND_UNKNOWN */
export function selectBackends(names: readonly string[] | undefined): readonly Backend[] {
  if (!names || names.length === 0) return backends.filter((backend) => !backend.onDemand)
  return names.map((name) => {
    const found = backends.find((backend) => backend.name === name)
    if (found) return found
    throw new MilliwattError('BACKEND_UNKNOWN', name, `Known: ${backends.map((backend) => backend.name).join(', ')}.`)
  })
}
