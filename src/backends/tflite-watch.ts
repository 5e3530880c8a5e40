import type { Address, Koffi } from './koffi.ts'

/** What a delegate did with the nodes of a model, by their place in the file. */
export interface Taken {
  readonly nodeCount: number
  readonly taken: ReadonlySet<number>
}

/** Sees which nodes a delegate takes while an interpreter is made with it. */
export interface Watch {
  /** Null as long as no interpreter was made, or where the delegate does not let itself be watched. */
  result(): Taken | null
  /** Gives the callback back; not before the delegate is gone from its interpreter. */
  end(): void
}

/**
 * Where the fields lie that are read, in pointers: TfLiteContext, TfLiteNode, TfLiteDelegateParams and TfLiteDelegate of
 * tensorflow/lite/c/common.h, whose beginnings have been the same since delegates exist.
 */
const fields = {
  context: { getExecutionPlan: 1, getNodeAndRegistration: 7 },
  node: { builtinData: 5, delegate: 8 },
  params: { nodesToReplace: 1 },
  delegate: { prepare: 1 },
} as const

/** Reads the structures of TensorFlow Lite through koffi. */
class Structures {
  readonly #koffi: Koffi
  readonly #pointerBytes: number
  readonly #planType: object
  readonly #nodeType: object

  constructor(koffi: Koffi) {
    this.#koffi = koffi
    this.#pointerBytes = koffi.sizeof('void *')
    this.#planType = koffi.proto('int', ['void *', 'void *'])
    this.#nodeType = koffi.proto('int', ['void *', 'int', 'void *', 'void *'])
  }

  pointer(at: Address, field: number): Address {
    return this.#koffi.decode(at, field * this.#pointerBytes, 'void *') as Address
  }

  setPointer(at: Address, field: number, value: Address): void {
    this.#koffi.encode(at, field * this.#pointerBytes, 'void *', value)
  }

  /** A TfLiteIntArray: its length, then its elements. */
  integers(at: Address): number[] {
    if (at === null) return []
    const read = (index: number) => this.#koffi.decode(at, index * 4, 'int32_t') as number
    return Array.from({ length: read(0) }, (_, index) => read(index + 1))
  }

  /** Numbers of the nodes that are run, in their order. Only while a delegate prepares itself. */
  plan(context: Address): number[] {
    const place = new BigUint64Array(1)
    this.#koffi.call(this.pointer(context, fields.context.getExecutionPlan), this.#planType, context, place)
    return this.integers(place[0]!)
  }

  /** Address of a node. Only while a delegate prepares itself. */
  node(context: Address, index: number): Address {
    const [node, registration] = [new BigUint64Array(1), new BigUint64Array(1)]
    const function_ = this.pointer(context, fields.context.getNodeAndRegistration)
    this.#koffi.call(function_, this.#nodeType, context, index, node, registration)
    return node[0]!
  }

  /** Numbers of the nodes that a delegate's kernels stand for in a plan. */
  takenBy(context: Address, delegate: Address, plan: readonly number[]): number[] {
    return plan.flatMap((index) => {
      const node = this.node(context, index)
      if (this.pointer(node, fields.node.delegate) !== delegate) return []
      return this.integers(this.pointer(this.pointer(node, fields.node.builtinData), fields.params.nodesToReplace))
    })
  }
}

/**
 * Stands in front of a delegate's own `Prepare`, which is where it claims nodes, and looks at the interpreter's plan
 * before and after. TensorFlow Lite's C API tells nothing of it.
 */
export function watchDelegate(koffi: Koffi, delegate: Address): Watch {
  const structures = new Structures(koffi)
  const type = koffi.proto('int', ['void *', 'void *'])
  const prepare = structures.pointer(delegate, fields.delegate.prepare)
  // A delegate of the newer opaque interface has none.
  if (prepare === null) return { result: () => null, end: () => {} }
  let result: Taken | null = null
  const callback = koffi.register((context: Address, self: Address): number => {
    const nodeCount = structures.plan(context).length
    const status = koffi.call(prepare, type, context, self) as number
    const taken = status === 0 ? structures.takenBy(context, self, structures.plan(context)) : []
    result = { nodeCount, taken: new Set(taken) }
    return status
  }, koffi.pointer(type))
  structures.setPointer(delegate, fields.delegate.prepare, callback)
  return {
    result: () => result,
    end: () => koffi.unregister(callback),
  }
}
