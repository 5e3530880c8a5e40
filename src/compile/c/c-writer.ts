import type { Geometry, Value } from '../program.ts'
import { cFloat, cInteger, cLines } from './c-text.ts'

/** Types of constants. */
export type CType = 'int8_t' | 'uint8_t' | 'int16_t' | 'int32_t' | 'uint32_t' | 'float'

/** Numbers that a constant is made of. */
export type CNumbers = ArrayLike<number>

const sizes: Readonly<Record<CType, number>> = {
  int8_t: 1,
  uint8_t: 1,
  int16_t: 2,
  int32_t: 4,
  uint32_t: 4,
  float: 4,
}

/** C types by data type. */
const cTypes: Readonly<Record<string, CType>> = {
  int8: 'int8_t',
  uint8: 'uint8_t',
  bool: 'uint8_t',
  int16: 'int16_t',
  int32: 'int32_t',
  float32: 'float',
}

/** Fields of a struct: numbers as they are, texts as C. */
export type CFields = Readonly<Record<string, number | string>>

/** A geometry as the fields of `mw_geometry`. */
export function geometryFields(g: Geometry): CFields {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return Object.fromEntries(Object.entries(g).map(([name, value]: [string, number]) => [snake(name), value]))
}

/** Writes the constants of one layer and names them; collects the kernels that are called. */
export class CWriter {
  readonly kernels: Set<string> = new Set()
  /** Headers that layers need besides those of their kernels, by name. */
  readonly includes: Set<string> = new Set()
  /** Declarations written so far. */
  readonly declarations: string[] = []
  constantBytes = 0
  private readonly places: ReadonlyMap<string, number>
  private layer = ''
  private scratchAt = 0

  constructor(places: ReadonlyMap<string, number>) {
    this.places = places
  }

  /** Begins a layer: constants are called after it, scratch lies there. */
  begin(layer: string, scratchAt: number): void {
    this.layer = layer
    this.scratchAt = scratchAt
  }

  /** Offset of a value from the start of the arena. */
  offsetOf(value: Value): number {
    return this.places.get(value.name)!
  }

  /** Where a value is read. */
  read(value: Value, type: CType = cTypes[value.dtype]!): string {
    return `(const ${type} *)(arena + ${this.offsetOf(value)})`
  }

  /** Where a value is written. */
  write(value: Value, type: CType = cTypes[value.dtype]!): string {
    return `(${type} *)(arena + ${this.offsetOf(value)})`
  }

  /** Offset of the layer's scratch from the start of the arena. */
  get scratchOffset(): number {
    return this.scratchAt
  }

  /** Where the layer's scratch lies. */
  scratch(type: CType): string {
    return `(${type} *)(arena + ${this.scratchAt})`
  }

  /** Places a table and returns its name. */
  table(name: string, type: CType, values: CNumbers): string {
    const items = Array.from(values, type === 'float' ? (value) => cFloat(value) : cInteger)
    return this.rows(name, type, items, values.length * sizes[type])
  }

  /** Places a table of texts and returns its name. `dimensions` stand behind the name. */
  rows(name: string, type: string, items: readonly string[], bytes: number, dimensions = '[]'): string {
    const full = `${this.layer}_${name}`
    this.declarations.push(`static const ${type} ${full}${dimensions} MW_ALIGNED = {\n${cLines(items)}\n};`)
    this.constantBytes += bytes
    return full
  }

  /** Places a struct and returns its address. */
  struct(name: string, type: string, fields: CFields): string {
    const full = `${this.layer}_${name}`
    const items = Object.entries(fields).map(([field, value]) => `.${field} = ${value}`)
    this.declarations.push(`static const ${type} ${full} = {\n${cLines(items)}\n};`)
    return `&${full}`
  }

  /** A call of a kernel. */
  call(kernel: string, ...values: readonly (string | number)[]): string {
    this.kernels.add(kernel)
    return `mw_${kernel}(${values.join(', ')});`
  }
}
