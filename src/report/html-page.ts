import { type Html, html, styleSource } from './html-escape.ts'
import { styleSheet } from './html-style.ts'

/** What stands on a page. */
export interface PageParts {
  readonly title: string
  /** Version of milliwatt. */
  readonly milliwatt: string
  readonly heading: string
  readonly subject: string
  readonly meta: string
  readonly body: Html
}

const noNetwork = "default-src 'none'; style-src 'unsafe-inline'"

/** One HTML page without scripts; its policy forbids it to fetch anything. */
export function plainPage({ title, milliwatt, heading, subject, meta, body }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${noNetwork}">
<title>${title} · milliwatt</title>
<style>${styleSource(styleSheet)}</style>
</head>
<body>
<main>
<header><p class="product">milliwatt ${milliwatt}</p><h1>${heading} <span>${subject}</span></h1>
<p class="meta">${meta}</p></header>
${body}
</main>
</body>
</html>
`.source
}
