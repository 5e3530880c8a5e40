/** A span of bytes that is needed from step `first` to step `last`, both included. */
export interface Request {
  readonly name: string
  readonly bytes: number
  readonly first: number
  readonly last: number
}

/** Where every request lies, and how long the arena is. */
export interface MemoryPlan {
  readonly offsets: ReadonlyMap<string, number>
  readonly bytes: number
  /** No plan can be smaller: the largest sum of requests that live at the same time. */
  readonly lowerBound: number
}

interface Placed extends Request {
  readonly offset: number
}

const overlapInTime = (a: Request, b: Request) => a.first <= b.last && b.first <= a.last

/** The smallest gap among the neighbours in time that fits, at the lowest offset. */
function place(request: Request, neighbours: readonly Placed[]): number {
  let best: { offset: number; gap: number } | null = null
  let end = 0
  for (const other of neighbours) {
    const gap = other.offset - end
    if (gap >= request.bytes && (best === null || gap < best.gap)) best = { offset: end, gap }
    end = Math.max(end, other.offset + other.bytes)
  }
  return best ? best.offset : end
}

/** Places requests in this order, each best-fit between those that live at the same time. */
function planInOrder(requests: readonly Request[]): { placed: Placed[]; bytes: number } {
  const placed: Placed[] = []
  let bytes = 0
  for (const request of requests) {
    const neighbours = placed.filter((other) => overlapInTime(request, other)).sort((a, b) => a.offset - b.offset)
    const offset = place(request, neighbours)
    placed.push({ ...request, offset })
    bytes = Math.max(bytes, offset + request.bytes)
  }
  return { placed, bytes }
}

/** Offline arena plan: requests that live at the same time never overlap. The best of several greedy orders. */
export function planMemory(requests: readonly Request[], alignment = 16): MemoryPlan {
  const rounded = requests.map((request) => ({ ...request, bytes: Math.ceil(request.bytes / alignment) * alignment }))
  const span = (request: Request) => request.last - request.first
  const orders: ((a: Request, b: Request) => number)[] = [
    (a, b) => b.bytes - a.bytes || a.first - b.first,
    (a, b) => b.bytes * (span(b) + 1) - a.bytes * (span(a) + 1) || a.first - b.first,
    (a, b) => a.first - b.first || b.bytes - a.bytes,
    (a, b) => span(b) - span(a) || b.bytes - a.bytes,
  ]
  const plans = orders.map((order) => planInOrder([...rounded].sort(order)))
  const best = plans.reduce((a, b) => (b.bytes < a.bytes ? b : a))
  const steps = new Set(rounded.map((request) => request.first))
  let lowerBound = 0
  for (const step of steps) {
    const alive = rounded.filter((request) => request.first <= step && step <= request.last)
    lowerBound = Math.max(
      lowerBound,
      alive.reduce((sum, request) => sum + request.bytes, 0),
    )
  }
  return {
    offsets: new Map(best.placed.map((request) => [request.name, request.offset])),
    bytes: best.bytes,
    lowerBound,
  }
}
