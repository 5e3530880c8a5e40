import { benchErrors } from './bench-errors.ts'
import { modelErrors } from './model-errors.ts'
import { workErrors } from './work-errors.ts'

/**
 * Every error that a user can meet, by code: what happened and what to do next. The README lists this
 * table and a test keeps both equal. `{where}` is filled in by the thrower, `{detail}` if there is one.
 */
export const errorTable: typeof modelErrors & typeof benchErrors & typeof workErrors = {
  ...modelErrors,
  ...benchErrors,
  ...workErrors,
}

/** Code of an error that a user can meet. */
export type ErrorCode = keyof typeof errorTable

/**
 * The one error class. Its message says what, where and what next; `code` is stable for scripts.
 * @param code row of the error table
 * @param where path, port, node or option that the error is about
 * @param detail what exactly was wrong, in the user's terms
 */
export class MilliwattError extends Error {
  readonly code: ErrorCode
  readonly where: string
  readonly detail: string | undefined
  readonly next: string

  constructor(code: ErrorCode, where: string, detail?: string, cause?: unknown) {
    const row = errorTable[code]
    super(`${where}: ${row.what}${detail ? ` ${detail}` : ''} Next: ${row.next}`, cause === undefined ? {} : { cause })
    this.name = 'MilliwattError'
    this.code = code
    this.where = where
    this.detail = detail
    this.next = row.next
  }
}

/** Tells whether a caught value is a MilliwattError, of this code if one is given. */
export function isMilliwattError(value: unknown, code?: ErrorCode): value is MilliwattError {
  return value instanceof MilliwattError && (code === undefined || value.code === code)
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
