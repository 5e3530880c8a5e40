import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MilliwattError } from '../../src/core/errors.ts'
import type { WebServer } from '../../src/core/web.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { Monitor, type MonitorOptions } from '../../src/loop/monitor.ts'
import { monitorAnswer } from '../../src/loop/monitor-answer.ts'
import { uplotAssets } from '../report/assets.ts'
import { needs, toolPath } from '../support/needs.ts'

const flags = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']

needs('chromium')('the live page in Chromium', () => {
  let browser: Browser
  const host = nodeHost()

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: toolPath('chromium')!, args: flags })
  })
  afterAll(() => browser?.close())

  /** Opens the page on a monitor and gives both to the test; nothing may be logged or asked of other servers. */
  async function withPage(options: Partial<MonitorOptions>, look: (page: Page) => Promise<void>): Promise<void> {
    const stop = new AbortController()
    const monitor = new Monitor(host, { meter: async () => 'emulated', signal: stop.signal, ...options })
    const done = monitor.run()
    const place = { address: '127.0.0.1', port: 0 }
    const server: WebServer = await host.serve(place, monitorAnswer(monitor, uplotAssets()))
    const troubles: string[] = []
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    page.on('console', (message) => troubles.push(message.text()))
    page.on('pageerror', (error) => troubles.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) troubles.push(request.url())
    })
    try {
      await page.goto(server.url)
      await look(page)
      expect(troubles).toEqual([])
    } finally {
      await page.close()
      stop.abort()
      await done
      await server[Symbol.asyncDispose]()
    }
  }

  /** Asks again until an expression holds; the page's policy lets nothing wait inside of it. */
  const until = (page: Page, expression: string) =>
    expect.poll(() => page.evaluate<boolean>(expression), { timeout: 30_000 }).toBe(true)
  const text = (page: Page, id: string) => page.locator(`#${id}`).textContent()
  const times = (page: Page) => page.evaluate<{ from: number; to: number }>('({ from: view.from, to: view.to })')

  describe('with a meter', () => {
    test('shows power with its provenance, goes on, holds still when zoomed, and follows again', async () => {
      await withPage({ model: 'kws', backends: ['compiled'] }, async (page) => {
        await until(page, "document.querySelectorAll('#inferences tr').length >= 2")
        expect(await text(page, 'provenance')).toBe('emulated')
        expect(await text(page, 'banner-title')).toBe('Emulated figures')
        expect(await text(page, 'inference')).toMatch(/^[\d.]+ [mµn]J$/)
        expect(await text(page, 'samples-detail')).toBe('0 lost')
        const before = Number((await text(page, 'samples'))!.replaceAll(',', ''))
        await page.waitForTimeout(600)
        expect(Number((await text(page, 'samples'))!.replaceAll(',', ''))).toBeGreaterThan(before)
        const box = (await page.locator('#plot .u-over').boundingBox())!
        await page.mouse.move(box.x + box.width * 0.5, box.y + 40)
        await page.mouse.down()
        await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 })
        await page.mouse.up()
        expect(await page.getAttribute('#live', 'aria-pressed')).toBe('false')
        const held = await times(page)
        await page.waitForTimeout(500)
        expect(await times(page)).toEqual(held)
        expect(held.to - held.from).toBeLessThan(3)
        expect(await page.getAttribute('#csv', 'href')).toContain(`from=${held.from}`)
        await page.locator('#live').click()
        await until(page, `view.live && view.to > ${held.to}`)
      })
    })

    test('says that the meter is gone and keeps what it gave', async () => {
      await withPage({ meter: async () => 'emulated:unplug=0.5' }, async (page) => {
        await until(page, "document.getElementById('banner-title').textContent === 'The meter is gone'")
        expect(await text(page, 'power')).toBe('–')
        expect(Number((await text(page, 'samples'))!.replaceAll(',', ''))).toBeGreaterThan(10_000)
      })
    })
  })

  test('without a meter says so and what to do', async () => {
    const meter = async (): Promise<string> => {
      throw new MilliwattError('METER_NOT_FOUND', 'auto')
    }
    await withPage({ meter }, async (page) => {
      await until(page, "document.getElementById('banner-text').textContent.includes('Next:')")
      expect(await text(page, 'banner-title')).toBe('No meter')
      expect(await page.locator('#provenance').isHidden()).toBe(true)
    })
  })
})
