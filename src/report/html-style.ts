/** Colours of one scheme; the page's CSS and its plots read the same table. */
export type Palette = Readonly<Record<PaletteColour, string>>

type PaletteColour =
  | 'page'
  | 'card'
  | 'ink'
  | 'soft'
  | 'line'
  | 'grid'
  | 'accent'
  | 'band'
  | 'window'
  | 'good'
  | 'bad'
  | 'warn'
  | 'warnInk'

/** Light and dark colours. */
export const palettes: Readonly<Record<'light' | 'dark', Palette>> = {
  light: {
    page: '#f4f6f8',
    card: '#ffffff',
    ink: '#14202b',
    soft: '#566573',
    line: '#dde3e9',
    grid: '#e8ecf0',
    accent: '#0b6e8a',
    band: 'rgba(11, 110, 138, 0.20)',
    window: 'rgba(217, 140, 10, 0.16)',
    good: '#18743a',
    bad: '#b93813',
    warn: '#ffc233',
    warnInk: '#2b1d00',
  },
  dark: {
    page: '#0e1318',
    card: '#161d24',
    ink: '#e5ebf0',
    soft: '#9aa8b5',
    line: '#2a343e',
    grid: '#212a33',
    accent: '#4fc3df',
    band: 'rgba(79, 195, 223, 0.24)',
    window: 'rgba(255, 190, 70, 0.13)',
    good: '#62cf88',
    bad: '#ff8a5c',
    warn: '#f5b62a',
    warnInk: '#221700',
  },
}

function variables(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${name}: ${value};`)
    .join(' ')
}

/** The page's own style sheet. */
export const styleSheet: string = `
:root { color-scheme: light dark; ${variables(palettes.light)} }
@media screen and (prefers-color-scheme: dark) { :root { ${variables(palettes.dark)} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1240px; margin: 0 auto; padding: 32px 24px 64px; }
header { margin-bottom: 20px; }
.product { margin: 0; color: var(--accent); font-weight: 650; font-size: 14px; }
h1 { margin: 2px 0 6px; font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; font-weight: 680; overflow-wrap: anywhere; }
h1 span { color: var(--soft); font-weight: 450; }
h2 { margin: 0; font-size: 18px; line-height: 1.3; font-weight: 640; letter-spacing: -0.005em; }
h3 { margin: 0 0 8px; font-size: 15px; font-weight: 620; }
p { margin: 0; }
.meta, .note { color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
code { font: 0.92em ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
.banner { border-radius: 10px; padding: 14px 18px; margin: 0 0 12px; border: 1px solid var(--line); background: var(--card); }
.banner strong { display: block; font-size: 16px; line-height: 1.35; }
.banner.warn { background: var(--warn); color: var(--warnInk); border-color: transparent; padding-top: 22px; position: relative; overflow: hidden; }
.banner.warn strong { font-size: 18px; }
.banner.warn::before {
  content: ''; position: absolute; inset: 0 0 auto 0; height: 8px;
  background: repeating-linear-gradient(-45deg, var(--warnInk) 0 12px, transparent 12px 24px);
}
.banner.bad { background: color-mix(in srgb, var(--bad) 12%, var(--card)); border-color: var(--bad); }
.banner.info { background: color-mix(in srgb, var(--accent) 9%, var(--card)); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(248px, 1fr)); gap: 12px; margin: 20px 0; }
.card, section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.card { padding: 14px 16px; min-width: 0; }
.card dt { color: var(--soft); font-size: 13.5px; }
.card dd { margin: 0; }
.card .value { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 10px; font-size: 23px; font-weight: 620; letter-spacing: -0.01em; line-height: 1.4; }
.card .detail { color: var(--soft); font-size: 13px; line-height: 1.45; }
section { padding: 20px; margin: 0 0 16px; min-width: 0; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; margin-bottom: 12px; }
.badge {
  display: inline-block; font-size: 12px; font-weight: 620; line-height: 1.5; letter-spacing: 0; padding: 0 8px;
  border-radius: 999px; border: 1px solid currentColor; white-space: nowrap; vertical-align: 1px;
}
td .badge { margin-left: 3px; } td .badge:first-child { margin-left: 0; }
.badge.measured { color: var(--card); background: var(--good); border-color: var(--good); }
.badge.replayed { color: var(--good); }
.badge.emulated { color: var(--warnInk); background: var(--warn); border: 1px dashed var(--warnInk); }
.badge.modelled { color: var(--soft); border-style: dashed; }
.readout { min-height: 22px; font-size: 13.5px; color: var(--soft); margin-bottom: 6px; overflow-wrap: anywhere; }
.plot { width: 100%; min-width: 0; overflow: hidden; }
.plot .u-select { background: var(--band); }
.plot .u-cursor-x, .plot .u-cursor-y { border-color: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 13px; }
.legend i { display: inline-block; width: 14px; height: 12px; margin-right: 6px; border-radius: 2px; vertical-align: -1px; }
.scroll { overflow: auto; max-width: 100%; border: 1px solid var(--line); border-radius: 8px; }
.scroll.tall { max-height: 460px; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 14px; }
th, td { padding: 7px 12px; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover td { background: var(--page); }
th { position: sticky; top: 0; background: var(--card); color: var(--soft); font-weight: 560; font-size: 13px; }
.right { text-align: right; }
.paired tbody tr:not(.below) td { border-bottom: 0; padding-bottom: 1px; }
tr.below td { padding-top: 0; color: var(--soft); font-size: 13px; white-space: normal; }
tr.below span { position: sticky; left: 12px; display: block; max-width: min(1120px, calc(100vw - 110px)); }
td.text { white-space: normal; min-width: 240px; }
td.name { white-space: normal; overflow-wrap: anywhere; min-width: 130px; }
td.good { color: var(--good); } td.bad { color: var(--bad); font-weight: 600; } td.faint { color: var(--soft); }
tr.chosen td { background: color-mix(in srgb, var(--good) 9%, var(--card)); }
.matrix td, .matrix th { padding: 5px 9px; } .matrix th.right { min-width: 44px; }
.matrix td.good { background: color-mix(in srgb, var(--good) calc(var(--share) * 34%), var(--card)); color: var(--ink); }
.matrix td.bad { background: color-mix(in srgb, var(--bad) calc(12% + var(--share) * 40%), var(--card)); color: var(--ink); }
.columns { display: grid; grid-template-columns: minmax(0, 4fr) minmax(0, 7fr); gap: 20px; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 6px 20px; margin: 0; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.plain { margin: 0; padding-left: 20px; } .plain li { margin: 2px 0; overflow-wrap: anywhere; }
.stack > * + * { margin-top: 12px; }
@media (max-width: 860px) { .columns { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 560px) {
  main { padding: 18px 12px 40px; }
  h1 { font-size: 24px; }
  section { padding: 14px 12px; }
  .cards { grid-template-columns: minmax(0, 1fr); gap: 8px; }
  .card { padding: 9px 14px; } .card .value { font-size: 20px; }
  th, td { padding: 7px 9px; } td.name { min-width: 168px; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; } .facts dd { margin-bottom: 8px; }
}
@media print {
  body { font-size: 11pt; background: none; }
  main { max-width: none; padding: 0; }
  .scroll, .scroll.tall { overflow: visible; max-height: none; border: 0; }
  th { position: static; } th, td { white-space: normal; padding: 3px 6px; }
  .card, .banner, tr, section:has(.plot) { break-inside: avoid; } .head { break-after: avoid; }
  section { padding: 12px 0; border: 0; }
  .banner, .badge, .legend i, .matrix td { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .readout { display: none; }
}
`
