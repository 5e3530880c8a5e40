import { spread } from './interleave.mjs'

/** How many times faster than the fastest rival of a class milliwatt wants to be, at least. */
const goals = [
  { renderer: 'simd128', kind: 'wasm', goal: { KWS: 2, VWW: 2, AD: 1.3, IC: 1.5, SWW: 4 } },
  { renderer: 'relaxed', kind: 'wasm', goal: { KWS: 3, VWW: 3.5, AD: 2.5, IC: 1.5, SWW: 6 } },
  { renderer: 'relaxed', kind: 'native', goal: { KWS: 1.2, VWW: 2, AD: 0.8, IC: 0.8, SWW: 2 } },
  { renderer: 'native', kind: 'native', goal: { KWS: 2.5, VWW: 2.5, AD: 1.5, IC: 1.5, SWW: 3 } },
]

/** The rivals that compute right, the fastest first, whatever form of the model they take. */
function rivalsOf(engines, kind) {
  const rivals = engines.filter((engine) => engine.rival && engine.kind === kind && engine.us)
  return rivals.sort((a, b) => a.us.median - b.us.median)
}

/** Ratios rival / ours, turn by turn. */
function cellOf(model, ours, rival, { renderer, goal }) {
  const ratio = spread(rival.times.map((time, round) => time / ours.times[round]))
  const wanted = goal[model] ?? null
  const facts = { model, ours: ours.name, rival: rival.name, refused: Boolean(rival.refused), ratio, goal: wanted }
  return { ...facts, reached: ratio.median >= wanted, standIn: ours.renderer !== renderer }
}

/**
 * A row for each renderer and class of rivals that both ran, with a cell a model: the rival, the ratio, the goal. Where
 * the fastest rival runs only a file that milliwatt wrote anew, the fastest of the others has a cell too. Against native
 * engines simd128 stands in where relaxed SIMD is not right on the host.
 */
export function classTable(models) {
  return goals.flatMap((row) => {
    const cells = models.flatMap(({ model, engines }) => {
      const of = (renderer) => engines.find((engine) => engine.renderer === renderer && engine.us)
      const standIn = row.renderer === 'relaxed' && row.kind === 'native' ? of('simd128') : undefined
      const ours = of(row.renderer) ?? standIn
      const rivals = rivalsOf(engines, row.kind)
      const shown = [
        rivals[0],
        ...(rivals[0]?.refused ? [rivals.find(({ rival }) => rival !== rivals[0].rival)] : []),
      ].filter(Boolean)
      return ours ? shown.map((rival) => cellOf(model, ours, rival, row)) : []
    })
    return cells.length === 0 ? [] : [{ renderer: row.renderer, kind: row.kind, cells }]
  })
}
