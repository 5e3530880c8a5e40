import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { styleText } from 'node:util'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { type HtmlAssets, toHtml } from '../report/html.ts'
import { toJson } from '../report/json.ts'
import { toMarkdown } from '../report/markdown.ts'
import type { RunReport } from '../report/report.ts'
import type { TextStyle } from '../report/table.ts'

/** Colours of a terminal; node:util leaves them out where the stream shows none. */
export const terminalStyle: TextStyle = {
  good: (text) => styleText('green', text),
  warn: (text) => styleText('yellow', text),
  bad: (text) => styleText('red', text),
  faint: (text) => styleText('dim', text),
  strong: (text) => styleText('bold', text),
}

/** The plot library's files, which the report carries inside. */
export async function plotAssets(host: Host): Promise<HtmlAssets> {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'))
  const [uplotJs, uplotCss] = await Promise.all(
    ['uPlot.iife.min.js', 'uPlot.min.css'].map((name) => host.files.readText(join(folder, name))),
  )
  return { uplotJs: uplotJs!, uplotCss: uplotCss! }
}

/**
 * Writes report.html, report.md and report.json into a folder.
 * @returns their paths
 * @throws MilliwattError REPORT_WRITE
 */
export async function writeReports(host: Host, folder: string, report: RunReport): Promise<readonly string[]> {
  const assets = await plotAssets(host)
  const contents = {
    'report.html': toHtml(report, assets),
    'report.md': toMarkdown(report),
    'report.json': toJson(report),
  }
  try {
    return await Promise.all(
      Object.entries(contents).map(async ([name, content]) => {
        const path = host.files.join(folder, name)
        await host.files.write(path, content)
        return path
      }),
    )
  } catch (error) {
    throw new MilliwattError('REPORT_WRITE', folder, messageOf(error), error)
  }
}

/** Writes one report of a command. @throws MilliwattError REPORT_WRITE */
export async function writeReport(host: Host, path: string, text: string): Promise<void> {
  try {
    await host.files.write(host.files.resolve(path), text)
  } catch (error) {
    throw new MilliwattError('REPORT_WRITE', path, messageOf(error), error)
  }
}
