import type { DataType, Node } from '../../graph/graph.ts'
import type { Value } from '../program.ts'
import { num } from './expressions.ts'
import {
  type ConstantData,
  type Expression,
  type LoopBuffer,
  type LoopsStep,
  type Scalar,
  type Statement,
  scalarOf,
} from './loops.ts'

/** Number of a buffer. */
export type BufferIndex = number

/** A local that is set again and again. */
export type Variable = Extract<Expression, { kind: 'local' }>

/** Writes a step of loops, statement by statement. Names of locals are its own business. */
export class LoopWriter {
  private readonly buffers: LoopBuffer[] = []
  private statements: Statement[] = []
  private locals = 0

  /** A value that is read or written; the same buffer for the same value. */
  value(value: Value): BufferIndex {
    const known = this.buffers.findIndex((buffer) => buffer.kind === 'value' && buffer.value.name === value.name)
    return known >= 0 ? known : this.buffers.push({ kind: 'value', dtype: value.dtype, value }) - 1
  }

  /** Constants. */
  constant(dtype: DataType, data: ConstantData): BufferIndex {
    return this.buffers.push({ kind: 'constant', dtype, data }) - 1
  }

  /** Constant int32 numbers. */
  integers(numbers: Iterable<number>): BufferIndex {
    return this.constant('int32', Int32Array.from(numbers))
  }

  /** Memory for this step alone. */
  scratch(dtype: DataType, length: number): BufferIndex {
    return this.buffers.push({ kind: 'scratch', dtype, length }) - 1
  }

  load(buffer: BufferIndex, index: Expression): Expression {
    return { kind: 'load', type: scalarOf(this.buffers[buffer]!.dtype)!, buffer, index }
  }

  store(buffer: BufferIndex, index: Expression, value: Expression): void {
    this.statements.push({ kind: 'store', buffer, index, value })
  }

  /** Computes once; the result may be used many times. Constants and locals stay what they are. */
  let(value: Expression): Expression {
    return value.kind === 'number' || value.kind === 'local' ? value : this.variable(value)
  }

  /** A local that may be set again. */
  variable(start: Expression): Variable {
    const variable: Variable = { kind: 'local', type: start.type, name: `v${this.locals++}` }
    this.set(variable, start)
    return variable
  }

  /** A local that begins as a constant. */
  number(type: Scalar, value: number): Variable {
    return this.variable(num(type, value))
  }

  set(variable: Variable, value: Expression): void {
    this.statements.push({ kind: 'set', local: variable.name, value })
  }

  /** Runs the body for 0, 1, … below the count, which is at least 1; a single turn needs no loop. */
  loop(count: number, body: (index: Expression) => void): void {
    if (count === 1) {
      body(num('i32', 0))
      return
    }
    const local = `v${this.locals++}`
    const inner = this.inside(() => body({ kind: 'local', type: 'i32', name: local }))
    this.statements.push({ kind: 'loop', local, count, body: inner })
  }

  if(condition: Expression, then: () => void, otherwise: () => void = () => {}): void {
    this.statements.push({ kind: 'if', condition, body: this.inside(then), otherwise: this.inside(otherwise) })
  }

  /** All that was written, as a step that writes `output`. */
  step(node: Pick<Node, 'name' | 'op'>, output: Value, form: string, macs = 0): LoopsStep {
    const values = this.buffers.flatMap((buffer) => (buffer.kind === 'value' ? [buffer.value] : []))
    const loaded = loadedBuffers(this.statements)
    return {
      kind: 'loops',
      name: node.name || output.name,
      op: node.op,
      inputs: values.filter((value) => loaded.has(this.value(value))),
      output,
      macs,
      form,
      buffers: this.buffers,
      body: this.statements,
    }
  }

  private inside(write: () => void): readonly Statement[] {
    const outer = this.statements
    this.statements = []
    write()
    const inner = this.statements
    this.statements = outer
    return inner
  }
}

/** Buffers that some expression loads from. */
function loadedBuffers(statements: readonly Statement[]): ReadonlySet<number> {
  const loaded = new Set<number>()
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    const { kind, buffer } = part as { kind?: string; buffer?: number }
    if (kind === 'load') loaded.add(buffer!)
    for (const child of Object.values(part)) visit(child)
  }
  visit(statements)
  return loaded
}
