import { describe, expect, it } from 'vitest'
import { partition } from '../../../src/plan/partition/partition.ts'
import type { PartitionAsk, PartitionProblem, StepCost } from '../../../src/plan/partition/problem.ts'

const ms = (latency: number, energyMj = latency): StepCost => ({
  latencyS: latency / 1e3,
  energy: { energyJ: energyMj / 1e3, provenance: 'measured' },
})

/** conv (fast on the accelerator), softmax (only on the processor), and a way between them that costs 1 ms. */
function small(change: Partial<PartitionProblem> = {}): PartitionProblem {
  return {
    tensors: [
      { name: 'in', bytes: 100 },
      { name: 'mid', bytes: 50 },
      { name: 'out', bytes: 10 },
    ],
    nodes: [
      { name: 'conv', inputs: [0], outputs: [1], weightBytes: 40, at: [ms(10), ms(2, 3)] },
      { name: 'softmax', inputs: [1], outputs: [2], weightBytes: 0, at: [ms(1), { unsupported: 'no kernel for it' }] },
    ],
    places: [
      { id: 'native cpu', dispatch: ms(0) },
      { id: 'npu', dispatch: ms(0.5) },
    ],
    home: 0,
    inputs: [0],
    outputs: [2],
    transfer: () => ms(1),
    ...change,
  }
}

const latency: PartitionAsk = { minimize: 'latency' }

function solved(problem: PartitionProblem, ask: PartitionAsk) {
  const result = partition(problem, ask)
  if (result.kind === 'infeasible') throw new Error(result.reason)
  return result
}

const reasonOf = (problem: PartitionProblem, ask: PartitionAsk) => {
  const result = partition(problem, ask)
  return result.kind === 'infeasible' ? result.reason : 'feasible'
}

describe('explanation of a partition', () => {
  it('tells every part of the cost', () => {
    const result = solved(small(), latency)
    expect(result.assignment).toEqual([1, 0])
    expect(result.total.latencyS).toBeCloseTo(5.5e-3, 12)
    expect([result.nodes, result.dispatch, result.transfer].map(({ latencyS }) => latencyS)).toEqual([
      expect.closeTo(3e-3, 12),
      expect.closeTo(0.5e-3, 12),
      expect.closeTo(2e-3, 12),
    ])
    expect(result.segments.map(({ place, from, to }) => [place, from, to])).toEqual([
      [1, 0, 1],
      [0, 1, 2],
    ])
    expect(result.transfers.map(({ tensor, from, to, node, when }) => [tensor, from, to, node, when])).toEqual([
      [0, 0, 1, 0, 'before'],
      [1, 1, 0, 1, 'before'],
    ])
    expect(result.weightBytes).toEqual([0, 40])
  })

  it('says for every node why here and why not there', () => {
    const [conv, softmax] = solved(small(), latency).explanations
    expect(conv!.at[0]).toMatchObject({ extraIs: 'exact', reason: '+5.50 ms for the whole inference (exact)' })
    expect(conv!.at[0]!.extra).toBeCloseTo(5.5e-3, 12)
    expect(conv!.why).toBe('cheapest by itself and for the whole; native cpu makes the whole 5.50 ms dearer')
    expect(softmax!.at[1]).toMatchObject({ extra: null, cost: null, reason: 'no kernel for it' })
    expect(softmax!.why).toBe('no other place can run it')
  })

  it('says when moving outweighs a faster place', () => {
    const [conv] = solved(small({ transfer: () => ms(20) }), latency).explanations
    expect(conv!.why).toBe(
      'alone it would save 8.00 ms on npu, but moving, dispatch or limits outweigh that; npu makes the whole 32.5 ms dearer',
    )
  })

  it('marks what a limit rules out, and what it only bounds', () => {
    const ask: PartitionAsk = { minimize: 'latency', maxEnergyJ: 9.9e-3 }
    const { explanations, total, optimality } = solved(small(), ask)
    expect(total.energy!.energyJ).toBeLessThanOrEqual(9.9e-3)
    expect(optimality).toEqual({ kind: 'exact' })
    expect(explanations[0]!.at[0]!.reason).toBe('no assignment with it here keeps the limit on energy')
  })

  it('gives an energy the weakest provenance of its parts, and none where a part has none', () => {
    const modelled: StepCost = { latencyS: 1e-3, energy: { energyJ: 1e-3, provenance: 'modelled' } }
    expect(solved(small({ transfer: () => modelled }), latency).total.energy!.provenance).toBe('modelled')
    expect(solved(small({ transfer: () => ({ latencyS: 1e-3, energy: null }) }), latency).total.energy).toBeNull()
    const accept: PartitionAsk = { minimize: 'energy', acceptProvenance: ['measured'] }
    expect(solved(small({ transfer: () => modelled }), accept).assignment).toEqual([0, 0])
  })
})

describe('a graph that fits nowhere', () => {
  it('names the node and the reason of every place', () => {
    const [conv, softmax] = small().nodes
    const nodes = [conv!, { ...softmax!, at: [{ unsupported: 'left out' }, { unsupported: 'no kernel for it' }] }]
    expect(partition(small({ nodes }), latency)).toEqual({
      kind: 'infeasible',
      node: 1,
      limits: [],
      proven: true,
      reason: 'softmax can run nowhere (native cpu: left out; npu: no kernel for it)',
    })
  })

  it('names the memory that is too small', () => {
    const places = [
      { id: 'native cpu', dispatch: ms(0), maxArenaBytes: 120 },
      { id: 'npu', dispatch: ms(0), maxWeightBytes: 39 },
    ]
    expect(reasonOf(small({ places }), latency)).toBe(
      'conv can run nowhere (native cpu: its tensors do not fit the 120 bytes of memory there, or cannot get there; npu: its 40 bytes of weights exceed the 39 of npu)',
    )
  })

  it('names the limit and the least that is possible', () => {
    expect(reasonOf(small(), { minimize: 'energy', maxLatencyS: 5e-3 })).toBe(
      'the limit on latency is 5.00 ms, but no assignment takes less than 5.50 ms',
    )
    expect(reasonOf(small(), { minimize: 'energy', acceptProvenance: ['replayed'] })).toContain(
      'its energy is measured, but the goal needs a figure that is replayed',
    )
  })

  it('names limits that hold only one by one', () => {
    const [conv, softmax] = small().nodes
    const nodes = [{ ...conv!, at: [ms(10, 1), ms(2, 9)] }, softmax!]
    expect(partition(small({ nodes }), { minimize: 'latency', maxLatencyS: 6e-3, maxEnergyJ: 6e-3 })).toMatchObject({
      node: null,
      limits: ['latency', 'energy'],
      proven: true,
    })
  })

  it('refuses what is no problem', () => {
    expect(() => partition(small({ home: 5 }), latency)).toThrow(/home is place 5/)
    expect(() => partition(small({ inputs: [] }), latency)).toThrow(/conv needs tensor 0/)
    expect(() => partition(small({ places: [] }), latency)).toThrow(/0 places/)
    expect(() => partition(small(), { minimize: 'latency', maxEnergyJ: 0 })).toThrow(/a limit of 0/)
  })
})
