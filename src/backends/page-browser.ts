import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { inTime } from '../core/in-time.ts'
import { pageScript } from './page-script.ts'

interface Route {
  request(): { url(): string }
  fulfill(answer: { readonly status?: number; readonly contentType?: string; readonly body?: unknown }): Promise<void>
}

interface Page {
  goto(url: string): Promise<unknown>
  route(pattern: string, answer: (route: Route) => Promise<void>): Promise<unknown>
  evaluate(action: (call: Call) => unknown, call: Call): Promise<unknown>
  close(): Promise<void>
}

interface Browser {
  newPage(): Promise<Page>
  close(): Promise<void>
  on(event: 'disconnected', listener: () => void): unknown
}

/** The part of playwright-core that is used here. */
interface Playwright {
  readonly chromium: {
    launch(options: {
      readonly executablePath: string
      readonly args: readonly string[]
      readonly handleSIGINT: boolean
      readonly handleSIGTERM: boolean
      readonly handleSIGHUP: boolean
    }): Promise<Browser>
  }
}

interface Call {
  readonly name: string
  readonly argument: unknown
}

/** A page with onnxruntime-web, in a browser that all pages of this process share. */
export interface OpenPage {
  /**
   * Calls a function of the page's script.
   * @throws what the page threw; that it is gone when its process died
   */
  call<Result>(name: 'look' | 'open' | 'run', argument?: unknown): Promise<Result>
  /** Closes the page, and the browser with the last one. */
  close(): Promise<void>
}

/** Environment variable that names the browser. */
const browserVariable = 'MILLIWATT_CHROMIUM'

/** Environment variable with flags that the browser is started with besides. */
export const flagsVariable = 'MILLIWATT_CHROMIUM_FLAGS'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** Without them a page has neither WebNN nor, on Linux, WebGPU. */
const flags = ['--enable-unsafe-webgpu', '--enable-features=WebMachineLearningNeuralNetwork']

/** Seconds that one call into a page may take: a model's first run compiles its programs. */
const callTimeoutS = 120

/** What the backend needs here, or what is missing and how to get it. */
export type PageNeeds =
  | { readonly path: string; readonly scripts: string }
  | { readonly reason: string; readonly next: string }

/** Finds the browser and the folder of onnxruntime-web's files for it. */
export async function findPageNeeds(host: Host): Promise<PageNeeds> {
  const scripts = host.packagePath('onnxruntime-web/all')
  if (host.packagePath('playwright-core') === null || scripts === null)
    return {
      reason: 'The optional package playwright-core is not installed.',
      next: 'Run "npm install playwright-core".',
    }
  const named = host.environment[browserVariable]
  for (const path of named ? [named] : places)
    if (await host.files.stat(path)) return { path, scripts: host.files.dirname(scripts) }
  return {
    reason: named ? `There is no browser at ${named}.` : 'There is no Chromium, Chrome or Edge here.',
    next: `Install one (Debian: apt-get install chromium) or name it in ${browserVariable}.`,
  }
}

interface Shared {
  readonly browser: Promise<Browser>
  pages: number
}

const browsers = new Map<string, Shared>()

async function launch(host: Host, path: string, args: readonly string[], gone: () => void): Promise<Browser> {
  const loaded = (await host.optionalPackage('playwright-core')) as Playwright & { readonly default?: Playwright }
  const { chromium } = loaded.default ?? loaded
  // The program decides what a signal means; the browser ends with the pipe to it in any case.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false }
  const browser = await chromium.launch({ executablePath: path, args, ...signals })
  browser.on('disconnected', gone)
  return browser
}

/** The browser of this path and these flags; one that has died is started anew. */
function sharedBrowser(host: Host, path: string): { readonly shared: Shared; readonly release: () => Promise<void> } {
  const more = (host.environment[flagsVariable] ?? '').split(' ').filter((flag) => flag !== '')
  const args = [...flags, ...more]
  const key = [path, ...args].join(' ')
  const forget = () => {
    if (browsers.get(key) === shared) browsers.delete(key)
  }
  const shared: Shared = browsers.get(key) ?? { browser: launch(host, path, args, () => forget()), pages: 0 }
  browsers.set(key, shared)
  shared.pages += 1
  const release = async () => {
    shared.pages -= 1
    if (shared.pages > 0) return
    forget()
    await shared.browser.then((browser) => browser.close()).catch(() => {})
  }
  return { shared, release }
}

const contentTypes: Readonly<Record<string, string>> = { mjs: 'text/javascript', wasm: 'application/wasm' }

/** Answers the page's requests: an empty document, and files of onnxruntime-web. Nothing leaves the machine. */
async function answer(host: Host, scripts: string, route: Route): Promise<void> {
  const name = new URL(route.request().url()).pathname.slice(1)
  if (name === '') return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>milliwatt</title>' })
  const type = contentTypes[name.split('.').at(-1)!]
  const path = host.files.join(scripts, name)
  if (!type || name.includes('/') || !(await host.files.stat(path))) return route.fulfill({ status: 404 })
  await route.fulfill({ contentType: type, body: await host.files.readBytes(path) })
}

/** What the page threw, without what the driver of the browser puts around it. */
const firstLine = (error: unknown) =>
  messageOf(error)
    .replace(/^page\.\w+: /, '')
    .split('\n', 1)[0]!

async function furnish(host: Host, page: Page, scripts: string): Promise<void> {
  await page.route('**/*', (route) => answer(host, scripts, route))
  // A secure context, without which there is neither WebGPU nor WebNN.
  await page.goto('http://localhost/')
  const run = ({ argument }: Call) =>
    (globalThis as unknown as { eval(text: string): unknown }).eval(argument as string)
  await page.evaluate(run, { name: 'eval', argument: `${pageScript};0` })
}

/**
 * Opens a page.
 * @throws MilliwattError BACKEND_UNAVAILABLE, BACKEND_FAILED when the browser does not start
 */
export async function openPage(host: Host): Promise<OpenPage> {
  const needs = await findPageNeeds(host)
  if ('reason' in needs) throw new MilliwattError('BACKEND_UNAVAILABLE', 'page', `${needs.reason} ${needs.next}`)
  const { shared, release } = sharedBrowser(host, needs.path)
  try {
    const page = await (await shared.browser).newPage()
    await furnish(host, page, needs.scripts)
    return {
      call: async <Result>(name: string, argument: unknown): Promise<Result> => {
        const call = (wanted: Call) =>
          (globalThis as unknown as { milliwatt: Record<string, (argument: unknown) => unknown> }).milliwatt[
            wanted.name
          ]!(wanted.argument)
        const result = await inTime(host.clock, callTimeoutS, () => page.evaluate(call, { name, argument }))
        if (result === 'late') throw new Error(`the page gave no answer within ${callTimeoutS} s`)
        return result as Result
      },
      close: async () => {
        await page.close().catch(() => {})
        await release()
      },
    }
  } catch (error) {
    await release()
    throw new MilliwattError('BACKEND_FAILED', 'page', `The browser does not start a page: ${firstLine(error)}`, error)
  }
}

/** What a page threw, in one line. */
export const pageReason: (error: unknown) => string = firstLine
