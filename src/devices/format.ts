/** A frequency for people: `1.8 GHz`, `64 MHz`. */
export function formatHz(hertz: number): string {
  if (hertz >= 1e9) return `${trim(hertz / 1e9)} GHz`
  if (hertz >= 1e6) return `${trim(hertz / 1e6)} MHz`
  return `${trim(hertz / 1e3)} kHz`
}

/** An amount of memory for people: `7.9 GiB`, `256 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)))
  return `${trim(bytes / 1024 ** power)} ${units[power]}`
}

/** Processor numbers as ranges: `0-3,6`. The numbers are ascending. */
export function formatCpus(cpus: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const cpu of cpus) {
    const last = ranges.at(-1)
    if (last && last[1] === cpu - 1) last[1] = cpu
    else ranges.push([cpu, cpu])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

function trim(value: number): string {
  return String(Number(value.toFixed(2)))
}
