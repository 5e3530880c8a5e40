import type { StreamDecoder } from '../link-stream.ts'
import { createAssembler } from './assembler.ts'
import { createBinaryReader } from './binary-stream.ts'
import type { Lpm01aSetup } from './settings.ts'
import { createTextReader } from './text-stream.ts'

/** Starts the decoding of one stream; pure, no clock of its own. */
export function createLpm01aStream(setup: Lpm01aSetup, path: string): StreamDecoder {
  const { format, rateHz, output, supplyV } = setup
  const scaleW = output === 'energy' ? rateHz : supplyV
  const assembler = createAssembler({ path, format, rateHz, scaleW, holds: format === 'binary' })
  const reader = format === 'text' ? createTextReader(assembler) : createBinaryReader(assembler)
  return {
    push: (chunk, arrivalS) => {
      assembler.arrive(arrivalS)
      reader.push(chunk)
      return assembler.take()
    },
    flush: () => {
      reader.flush()
      return assembler.finish()
    },
    get counts() {
      return assembler.counts
    },
    get fault() {
      return assembler.problem
    },
  }
}
