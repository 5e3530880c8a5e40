/** A request for a page that this process serves. */
export interface WebRequest {
  /** Path without the query: `/metrics`. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** What a request gets. */
export interface WebReply {
  /** 200 by default. */
  readonly status?: number
  readonly type: string
  readonly body: string
  /** Makes the browser save the body under this name. */
  readonly fileName?: string
}

/** A server that runs until it is disposed. */
export interface WebServer extends AsyncDisposable {
  /** Where it answers: `http://127.0.0.1:7700/`. */
  readonly url: string
}

/** Where to serve. Port 0 takes any free one. */
export interface WebPlace {
  readonly address: string
  readonly port: number
}
