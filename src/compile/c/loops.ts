import type { LoopBuffer, LoopsStep } from '../loops/loops.ts'
import { cElement, loopsToC } from '../loops/to-c.ts'
import { elementBytes } from '../program.ts'
import type { CStep } from './c-step.ts'
import { cFloat, cInteger } from './c-text.ts'
import type { CWriter } from './c-writer.ts'

const align = (bytes: number) => Math.ceil(bytes / 16) * 16

const bytesOf = (buffer: LoopBuffer): number =>
  buffer.kind === 'scratch' ? align(buffer.length * elementBytes(buffer.dtype)) : 0

function cDouble(value: number): string {
  if (Number.isNaN(value)) return '(0.0 / 0.0)'
  if (!Number.isFinite(value)) return `${value < 0 ? '-' : ''}(1.0 / 0.0)`
  const digits = Object.is(value, -0) ? '-0' : String(value)
  return /[.e]/.test(digits) ? digits : `${digits}.0`
}

/** An element of a constant as C writes it. */
function item(value: number | bigint, type: string): string {
  if (typeof value === 'bigint') {
    if (type === 'uint64_t') return `UINT64_C(${value})`
    return value === -(2n ** 63n) ? 'INT64_MIN' : `INT64_C(${value})`
  }
  if (type === 'float') return cFloat(value)
  if (type === 'double') return cDouble(value)
  return type === 'uint32_t' ? `${value}u` : cInteger(value)
}

function constant(writer: CWriter, buffer: LoopBuffer & { readonly kind: 'constant' }, index: number): string {
  const type = cElement(buffer.dtype)
  const items = Array.from(buffer.data as ArrayLike<number | bigint>, (value) => item(value, type))
  return writer.rows(`table_${index}`, type, items, buffer.data.byteLength)
}

/** Loops over scalars, statement by statement. */
export function loops(step: LoopsStep): CStep {
  const starts = step.buffers.map((_, index) =>
    step.buffers.slice(0, index).reduce((sum, each) => sum + bytesOf(each), 0),
  )
  return {
    kernel: `loops ${step.form}`,
    scratchBytes: step.buffers.reduce((sum, buffer) => sum + bytesOf(buffer), 0),
    render: (writer) => {
      writer.includes.add('loops')
      const pointers = step.buffers.map((buffer, index) => {
        if (buffer.kind === 'constant') return constant(writer, buffer, index)
        const at = buffer.kind === 'value' ? writer.offsetOf(buffer.value) : writer.scratchOffset + starts[index]!
        return `((${cElement(buffer.dtype)} *)(arena + ${at}))`
      })
      return loopsToC(step, pointers)
    },
  }
}
