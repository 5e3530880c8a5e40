import { once } from 'node:events'

/** Text that is handed over at a time. */
const pieceCharacters = 1 << 16

/** What `JSON.stringify(value, null, 2)` gives, in pieces: lists of an object come item by item. */
export function* jsonPieces(value: object): Generator<string> {
  let before = '{\n  '
  for (const [key, part] of Object.entries(value)) {
    const text = Array.isArray(part) && part.length > 0 ? null : JSON.stringify(part, null, 2)
    if (text === undefined) continue
    yield `${before}${JSON.stringify(key)}: `
    before = ',\n  '
    if (text === null) yield* listPieces(part)
    else yield text.replaceAll('\n', '\n  ')
  }
  yield before === '{\n  ' ? '{}' : '\n}'
}

function* listPieces(items: readonly unknown[]): Generator<string> {
  for (const [at, item] of items.entries()) {
    yield at === 0 ? '[\n    ' : ',\n    '
    yield (JSON.stringify(item, null, 2) ?? 'null').replaceAll('\n', '\n    ')
  }
  yield '\n  ]'
}

/** Prints an object as JSON on standard output, as fast as it is taken, in memory that does not depend on its length. */
export async function printJson(value: object): Promise<void> {
  let held = ''
  const flush = async () => {
    if (!process.stdout.write(held)) await once(process.stdout, 'drain')
    held = ''
  }
  for (const piece of jsonPieces(value)) {
    held += piece
    if (held.length >= pieceCharacters) await flush()
  }
  held += '\n'
  await flush()
}
