/** Text that is HTML already. Only the functions of this file make it. */
export class Html {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[]

/** Template tag: everything put in is escaped, unless it is `Html`; lists are joined, null and false are nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((all, text, at) => all + sourceOf(parts[at - 1]) + text))
}

/** Escapes text for element content and quoted attributes. */
function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }
  return text.replace(/[&<>"']/g, (character) => `&${names[character]};`)
}

/** JSON that is safe inside a script element: no `<` ends it, no line separator breaks it. */
export function jsonForScript(value: unknown): Html {
  const escaped = JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return new Html(escaped)
}

/** A script as content of a script element: its own `</script` and `<!--` can not end or open anything. */
export function scriptSource(source: string): Html {
  return new Html(source.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--'))
}

/** A style sheet as content of a style element. */
export function styleSource(source: string): Html {
  return new Html(source.replace(/<\/(style)/gi, '<\\/$1'))
}

function sourceOf(part: Part): string {
  if (part === null || part === undefined || part === false) return ''
  if (part instanceof Html) return part.source
  if (typeof part === 'object') return part.map(sourceOf).join('')
  return escapeHtml(String(part))
}
