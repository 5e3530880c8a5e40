/** Median, smallest and largest of a list. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)], min: sorted[0], max: sorted.at(-1) }
}

/**
 * Times engines in turns, so that what else happens on the machine hits all alike. Every turn runs one engine `runs`
 * times; a turn's figure is its mean in microseconds. Ratios are taken turn by turn against the first engine.
 */
export function interleave(engines, { rounds = 25, runs = 60, warmUps = 300 } = {}) {
  for (const engine of engines) for (let i = 0; i < warmUps; i++) engine.run()
  const times = engines.map(() => [])
  for (let round = 0; round < rounds; round++)
    engines.forEach((engine, index) => {
      const start = performance.now()
      for (let i = 0; i < runs; i++) engine.run()
      times[index].push(((performance.now() - start) * 1000) / runs)
    })
  return engines.map((engine, index) => ({
    name: engine.name,
    us: spread(times[index]),
    ratio: spread(times[index].map((time, round) => time / times[0][round])),
  }))
}
