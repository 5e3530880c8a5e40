/**
 * How LiteRT delegates: accelerators take their turn; each takes the `most` longest runs of consecutive nodes that it
 * supports and nobody took before; the rest stays on the processor (place 0).
 */
export function greedyAssignment(problem, order, most) {
  const assignment = problem.nodes.map(() => 0)
  const taken = problem.nodes.map(() => false)
  for (const place of order) {
    const free = problem.nodes.map(({ at }, node) => !taken[node] && !('unsupported' in at[place]))
    const starts = free.flatMap((is, node) => (is && !free[node - 1] ? [node] : []))
    const runs = starts.map((from) => {
      const end = free.indexOf(false, from)
      return { from, to: end < 0 ? free.length : end }
    })
    for (const { from, to } of runs.sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, most))
      for (let node = from; node < to; node++) {
        assignment[node] = place
        taken[node] = true
      }
  }
  return assignment
}
