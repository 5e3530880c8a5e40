/** What the live page needs besides the report's style sheet. */
export const monitorStyle: string = `
.head h2 { flex: 1; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; font-size: 14px; }
.tools button, .tools .button, .tools select {
  font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 7px;
  padding: 4px 12px; cursor: pointer; text-decoration: none;
}
.tools button:hover, .tools .button:hover, .tools select:hover { border-color: var(--accent); }
.tools button[aria-pressed='true'] { background: var(--accent); color: var(--card); border-color: var(--accent); }
.tools :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
[hidden] { display: none !important; }
.key-mean { background: var(--accent); } .key-band { background: var(--band); } .key-window { background: var(--window); }
.plot { min-height: 320px; }
`
