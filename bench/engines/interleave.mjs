/** Median, smallest and largest of a list. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)], min: sorted[0], max: sorted.at(-1) }
}

/** Mean microseconds of a number of runs. Only engines whose `run` gives a promise are waited for. */
async function turn(engine, runs) {
  const start = performance.now()
  const first = engine.run()
  if (first) {
    await first
    for (let i = 1; i < runs; i++) await engine.run()
  } else for (let i = 1; i < runs; i++) engine.run()
  return ((performance.now() - start) * 1000) / runs
}

/**
 * Times engines in turns, so that what else happens on the machine hits all alike. A turn runs one engine for about
 * `turnMs`; its figure is the mean of its runs in microseconds. Gives for every engine the turns' times, in order.
 */
export async function interleave(engines, { rounds = 25, turnMs = 4, warmUps = 300 } = {}) {
  const runs = []
  for (const engine of engines) {
    await turn(engine, warmUps)
    const us = Math.min(await turn(engine, 5), await turn(engine, 5), await turn(engine, 5))
    runs.push(Math.max(1, Math.round((turnMs * 1000) / us)))
  }
  const times = engines.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, engine] of engines.entries()) times[index].push(await turn(engine, runs[index]))
  return times
}
