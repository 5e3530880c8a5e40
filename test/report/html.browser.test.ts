import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toHtml } from '../../src/report/html.ts'
import type { RunReport } from '../../src/report/report.ts'
import { needs, toolPath } from '../support/needs.ts'
import { uplotAssets } from './assets.ts'
import { emptyReport, hostileReport, sampleReport, streamReport } from './sample.ts'

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Opaque pixels of a canvas that differ from its most common colour, as a share of all. */
const inkShare = (selector: string): string => `(() => {
  const canvas = document.querySelector(${JSON.stringify(selector)})
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let ink = 0
  for (let at = 3; at < data.length; at += 4) if (data[at] > 0) ink++
  return ink / (data.length / 4)
})()`

needs('chromium')('the HTML report in Chromium', () => {
  let browser: Browser
  let folder: string
  let pages = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'milliwatt-report-'))
    browser = await chromium.launch({ executablePath: toolPath('chromium')!, args: flags })
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Opens the report; collects console errors, page errors and requests for anything but the page itself. */
  async function open(report: RunReport, width: number, colorScheme: 'light' | 'dark' = 'light') {
    const path = join(folder, `report-${pages++}.html`)
    writeFileSync(path, toHtml(report, uplotAssets()))
    const url = pathToFileURL(path).href
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    const troubles: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) troubles.push(message.text())
    })
    page.on('pageerror', (error) => troubles.push(error.message))
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) troubles.push(`request ${request.url()}`)
    })
    await page.goto(url)
    return { page, troubles }
  }

  const overflow = (page: Page) =>
    page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')

  describe.each([360, 390, 820, 1440, 1600])('%i px wide', (width) => {
    test('no errors, both plots drawn, nothing runs over the page', async () => {
      const { page, troubles } = await open(streamReport(), width, width === 390 ? 'dark' : 'light')
      expect(await page.evaluate<number>(inkShare('#trace-plot canvas'))).toBeGreaterThan(0.05)
      expect(await page.evaluate<number>(inkShare('#bar-plot canvas'))).toBeGreaterThan(0.1)
      expect(await overflow(page)).toBe(0)
      expect(troubles).toEqual([])
      await page.close()
    })
  })

  test('hovering tells the value with unit, provenance and window or clip', async () => {
    const { page } = await open(sampleReport(), 1440)
    await page.locator('#trace-plot .u-over').hover({ position: { x: 120, y: 80 } })
    const trace = page.locator('#trace-plot').locator('xpath=preceding-sibling::p[1]')
    expect(await trace.textContent()).toMatch(/^\d+\.\d{3} s: mean [\d.]+, min [\d.]+, max [\d.]+ mW emulated/)
    await page.locator('#bar-plot .u-over').hover({ position: { x: 30, y: 80 } })
    const bar = page.locator('#bar-plot').locator('xpath=preceding-sibling::p[1]')
    expect(await bar.textContent()).toMatch(/^1\. clips\/yes\/speaker-00-take-1\.wav, yes: [\d.]+ mJ emulated$/)
    await page.close()
  })

  test('the plots follow the colour scheme and the width', async () => {
    const { page, troubles } = await open(sampleReport(), 1440)
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 390, height: 900 })
    await page.waitForFunction('document.querySelector("#trace-plot canvas").clientWidth <= 390')
    expect(await page.evaluate<number>(inkShare('#trace-plot canvas'))).toBeGreaterThan(0.05)
    expect(await overflow(page)).toBe(0)
    expect(troubles).toEqual([])
    await page.close()
  })

  test('text from clips, labels and reasons stays text', async () => {
    const { page, troubles } = await open(hostileReport(), 390)
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    expect(await page.locator('td', { hasText: '<script>' }).count()).toBeGreaterThan(0)
    expect(await overflow(page)).toBe(0)
    expect(troubles).toEqual([])
    await page.close()
  })

  test('an empty report opens without error', async () => {
    const { page, troubles } = await open(emptyReport(), 390)
    expect(await page.locator('canvas').count()).toBe(0)
    expect(await page.locator('text=This run was interrupted').count()).toBe(1)
    expect(troubles).toEqual([])
    await page.close()
  })

  test('thousands of inferences are drawn', async () => {
    const { page, troubles } = await open(sampleReport(3000, 'measured'), 1440)
    expect(await page.evaluate<number>(inkShare('#bar-plot canvas'))).toBeGreaterThan(0.1)
    expect(troubles).toEqual([])
    await page.close()
  })
})
