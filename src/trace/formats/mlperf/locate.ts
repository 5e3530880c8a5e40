import type { HostFiles } from '../../../core/host.ts'

/** Files of one energy run of MLPerf Tiny; null where there is none. */
export interface RunFiles {
  readonly folder: string
  /** Samples of the EEMBC runner (rounds up to 1.2). */
  readonly bin: string | null
  readonly timestamps: string | null
  /** Samples and windows of the runner since round 1.3. */
  readonly resultsJson: string | null
  readonly resultsText: string | null
  readonly log: string | null
  readonly script: string | null
}

/** Folders below a given one that are looked into. */
const deepest = 3

function pick(names: readonly string[], ...patterns: readonly RegExp[]): string | null {
  for (const pattern of patterns) {
    const found = names.find((name) => pattern.test(name))
    if (found !== undefined) return found
  }
  return null
}

/** The run whose files lie right in this folder; null when no samples do. */
export async function runIn(files: HostFiles, folder: string, named: string | null = null): Promise<RunFiles | null> {
  const names = await files.list(folder).catch(() => [])
  const bins = names.filter((name) => /-energy\.bin$/i.test(name))
  const bin = named !== null && bins.includes(named) ? named : (bins[0] ?? null)
  const resultsJson = pick(names, /^results?\.json$/i)
  if (bin === null && resultsJson === null) return null
  const base = bin?.replace(/-energy\.bin$/i, '').toLowerCase() ?? ''
  const own = names.find((name) => name.toLowerCase() === `${base}-timestamps.json`) ?? null
  const at = (name: string | null) => (name === null ? null : files.join(folder, name))
  return {
    folder,
    bin: at(bin),
    timestamps: at(own ?? pick(names, /timestamps.*\.json$/i)),
    resultsJson: at(bin === null ? resultsJson : null),
    resultsText: at(pick(names, /^results?\.txt$/i, /results?.*\.txt$/i)),
    log: at(pick(names, /^log\.txt$/i, /^log.*\.txt$/i)),
    script: at(pick(names, /^script\.async$/i, /\.async$/i)),
  }
}

/**
 * Every run in a folder and the folders below it. Submissions name the folder of an energy run `energy`,
 * `power` and, once, `enegy`, so names are not looked at.
 */
export async function runsBelow(files: HostFiles, folder: string, depth = 0): Promise<readonly RunFiles[]> {
  const here = await runIn(files, folder)
  if (here?.bin) return [here]
  const found: RunFiles[] = here ? [here] : []
  if (depth >= deepest) return found
  for (const name of await files.list(folder).catch(() => [])) {
    const path = files.join(folder, name)
    if ((await files.stat(path))?.kind === 'folder') found.push(...(await runsBelow(files, path, depth + 1)))
  }
  return found
}
