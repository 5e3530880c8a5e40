import { random } from '../../dist/core/random.js'

/** Four places that differ as a small board's do: rate, dispatch, operators, way to the processor's memory. */
const places = [
  { id: 'cpu', macsPerS: 4e8, bytesPerS: 2e9, dispatchS: 2e-6, activeW: 0.09, lacks: [] },
  { id: 'gpu', macsPerS: 6e9, bytesPerS: 8e9, dispatchS: 120e-6, activeW: 0.9, lacks: ['softmax'] },
  { id: 'npu', macsPerS: 2e10, bytesPerS: 1e9, dispatchS: 60e-6, activeW: 0.35, lacks: ['softmax', 'pool', 'odd'] },
  { id: 'dsp', macsPerS: 2e9, bytesPerS: 1e9, dispatchS: 25e-6, activeW: 0.12, lacks: ['softmax', 'odd'] },
]

const cost = (latencyS, watts) => ({ latencyS, energy: { energyJ: latencyS * watts, provenance: 'modelled' } })

/** Builds a graph node by node; every node's cost varies by a factor of up to two between places. */
class Builder {
  constructor(seed) {
    this.draw = random(seed)
    this.tensors = [{ name: 'input', bytes: 27648 }]
    this.nodes = []
  }

  add(op, inputs, bytes, macs) {
    const at = places.map(({ macsPerS, bytesPerS, activeW, lacks }) => {
      if (lacks.includes(op)) return { unsupported: `no ${op}` }
      const seconds = (macs / macsPerS + bytes / bytesPerS) * (0.7 + 0.7 * this.draw())
      return cost(seconds, activeW)
    })
    const output = this.tensors.push({ name: `t${this.tensors.length}`, bytes }) - 1
    const name = `${op}${this.nodes.length}`
    this.nodes.push({ name, inputs, outputs: [output], weightBytes: Math.round(macs / 50), at })
    return output
  }

  conv(input) {
    const op = this.draw() < 0.12 ? 'odd' : 'conv'
    return this.add(op, [input], 2048 + Math.floor(this.draw() * 30000), 1e4 + this.draw() * 2e6)
  }

  finish() {
    return {
      tensors: this.tensors,
      nodes: this.nodes,
      places: places.map(({ id, dispatchS, activeW }) => ({ id, dispatch: cost(dispatchS, activeW) })),
      home: 0,
      inputs: [0],
      outputs: [this.tensors.length - 1],
      transfer: (from, to, tensor) => {
        const hops = from === 0 || to === 0 ? 1 : 2
        return cost(hops * (10e-6 + this.tensors[tensor].bytes / 5e8), 0.1)
      },
    }
  }
}

function grow(seed, size, block) {
  const builder = new Builder(seed)
  let last = 0
  while (builder.nodes.length < size - 1) last = block(builder, last)
  builder.add('softmax', [last], 12, 1000)
  return builder.finish()
}

const residual = (builder, input) => builder.add('add', [builder.conv(builder.conv(input)), input], 16384, 8e3)

const branches = (lengths) => (builder, input) => {
  const ends = lengths.map((length) => {
    let last = input
    for (let i = 0; i < length; i++) last = builder.conv(last)
    return last
  })
  return builder.add('concat', ends, 32768, 8e3)
}

/** Graphs of about `size` nodes by the name of their shape. */
export const shapes = {
  chain: (seed, size) => grow(seed, size, (builder, input) => builder.conv(input)),
  residual: (seed, size) => grow(seed, size, residual),
  'inception, 4 branches': (seed, size) => grow(seed, size, branches([1, 2, 3, 2])),
  'inception, 6 branches': (seed, size) => grow(seed, size, branches([1, 1, 2, 2, 3, 2])),
}
