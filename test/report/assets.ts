import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { HtmlAssets } from '../../src/report/html.ts'

/** uPlot's own files from node_modules. */
export function uplotAssets(): HtmlAssets {
  const folder = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist')
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return { uplotJs: read('uPlot.iife.min.js'), uplotCss: read('uPlot.min.css') }
}
