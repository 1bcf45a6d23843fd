// How the page looks: calm, the same in light and dark, on a phone and on paper. Colours are named once for each scheme, and
// every text has at least 4.5:1 on what it stands on (a test computes it).

/** Of each scheme; `*-soft` is a ground, the others are texts and lines on it. */
export const PALETTE = {
  light: {
    ground: '#f5f6f8',
    surface: '#ffffff',
    text: '#15181e',
    muted: '#555d6b',
    line: '#dfe3e9',
    free: '#e3e7ed',
    used: '#3056c9',
    link: '#2148bd',
    good: '#0c6b3c',
    'good-soft': '#e8f5ee',
    attention: '#864a00',
    'attention-soft': '#fdf2e0',
    restricted: '#a31a28',
    'restricted-soft': '#fdecee',
  },
  dark: {
    ground: '#0e1116',
    surface: '#161a21',
    text: '#e9ecf1',
    muted: '#a5aebc',
    line: '#2a313c',
    free: '#2c3440',
    used: '#82a4ff',
    link: '#9cb8ff',
    good: '#66d79b',
    'good-soft': '#10271c',
    attention: '#f4bb6c',
    'attention-soft': '#2c2112',
    restricted: '#ff949d',
    'restricted-soft': '#32171b',
  },
} as const

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')
}

export const STYLE = `:root{color-scheme:light dark;${variables(PALETTE.light)}}
@media (prefers-color-scheme:dark){:root{${variables(PALETTE.dark)}}}
*{box-sizing:border-box;margin:0}
html{-webkit-text-size-adjust:100%}
body{max-width:72rem;margin:0 auto;padding:1.5rem clamp(1rem,4vw,2.5rem) 2.5rem;background:var(--ground);color:var(--text);
font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
h1,h2{line-height:1.25;font-weight:650;letter-spacing:-.01em}
h1{font-size:1rem;font-weight:500;color:var(--muted)}
h1 span{color:var(--text);font-weight:650;margin-right:.35rem}
h2{font-size:1rem}
ul,ol{list-style:none;padding:0}
small{font-size:.875rem;color:var(--muted)}
code{font:.875em/1.4 ui-monospace,'SF Mono',Menlo,Consolas,monospace}
a{color:var(--link);text-underline-offset:.2em}
a:focus-visible{outline:2px solid var(--link);outline-offset:3px;border-radius:2px}
time{white-space:nowrap}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.skip{position:absolute;left:-99rem}
.skip:focus{position:static;display:inline-block;margin-bottom:1rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;justify-content:space-between;margin-bottom:1.25rem}
.live{font-size:.875rem;color:var(--muted)}
.live::before{content:'';display:inline-block;width:.5rem;height:.5rem;margin-right:.5rem;border-radius:50%;background:var(--muted)}
.live[data-state=on]::before{background:var(--good)}
.live[data-state=off]::before{background:none;box-shadow:inset 0 0 0 2px var(--attention)}
main,.columns>div{display:grid;gap:1.25rem;align-content:start}
main *{min-width:0}
.columns,.columns>div{display:contents}
#events{order:1}
@media (min-width:56rem){.columns{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1.25rem}.columns>div{display:grid}}
.icon{width:1.25em;height:1.25em;vertical-align:-.28em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.state{font-weight:600}
.good .state,.state.good{color:var(--good)}
.attention .state,.state.attention,.state.held{color:var(--attention)}
.restricted .state,.state.restricted{color:var(--restricted)}
.card,.verdict{padding:1.25rem clamp(1rem,3vw,1.5rem);border:1px solid var(--line);border-radius:.75rem;background:var(--surface)}
.card>h2{margin-bottom:.75rem}
.note,caption,.cures{font-size:.875rem;color:var(--muted)}
.verdict{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 2rem;padding-block:1.5rem;border-left-width:.375rem}
.verdict.good{border-color:var(--good);background:var(--good-soft)}
.verdict.attention{border-color:var(--attention);background:var(--attention-soft)}
.verdict.restricted{border-color:var(--restricted);background:var(--restricted-soft)}
.verdict h2{margin:.35rem 0 .25rem;font-size:clamp(1.5rem,1.1rem + 1.8vw,2.125rem);letter-spacing:-.02em;text-wrap:balance}
.verdict .sentence{max-width:46rem;font-size:1.0625rem;text-wrap:pretty}
.verdict .cure{font-weight:600}
.verdict dt{color:var(--text)}
.countdown{align-self:center;text-align:right}
.countdown b{display:block;font-size:clamp(2.25rem,1.5rem + 3vw,3.75rem);font-weight:300;line-height:1;letter-spacing:-.03em}
.facts{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:.75rem 2.5rem;margin-top:1.25rem}
dt{font-size:.875rem;color:var(--muted)}
.facts dd{font-weight:600}
.card dl>div{display:grid;grid-template-columns:minmax(6rem,1fr) 3fr;gap:0 1rem;padding:.5rem 0;border-top:1px solid var(--line)}
.card dl>div:first-child{border-top:0;padding-top:0}
.card dl>div:last-child{padding-bottom:0}
.card dd li+li{margin-top:.15rem}
.problems{display:grid;gap:.75rem}
.problems .wrong{padding-left:1rem;border-left:3px solid var(--restricted)}
.problems .cure{font-weight:600}
.limits{display:grid;gap:1.125rem}
.use{display:flex;justify-content:space-between;gap:1rem}
.bar{display:block;width:100%;height:.5rem;margin:.35rem 0 .3rem;border-radius:.25rem}
.bar .free{fill:var(--free)}
.bar .used{fill:var(--used)}
.bar .over{fill:var(--restricted)}
table{width:100%;border-collapse:collapse}
caption{text-align:left;padding-bottom:.5rem}
thead th{font-size:.875rem;font-weight:500;color:var(--muted)}
th,td{padding:.625rem .75rem .625rem 0;text-align:left;vertical-align:top;font-weight:400}
tbody tr{border-top:1px solid var(--line)}
tbody th{width:38%;font-weight:600}
tbody th small{display:block;font-weight:400}
td:last-child{padding-right:0}
td small{display:block}
td small bdi{white-space:nowrap}
#events tbody th{width:11.5rem;font-weight:400}
#events td small{display:inline}
.cures{margin-top:.75rem;padding-top:.75rem;border-top:1px solid var(--line)}
.timeline{margin:0 0 .75rem .3125rem;border-left:2px solid var(--line)}
.timeline li{position:relative;padding:0 0 1rem 1.125rem}
.timeline li::before{content:'';position:absolute;left:-.375rem;top:.45rem;width:.625rem;height:.625rem;border-radius:50%;background:var(--surface);box-shadow:inset 0 0 0 2px var(--muted)}
.timeline .past{color:var(--muted)}
.timeline .past::before{background:var(--muted)}
.timeline .when{font-weight:600}
.timeline .when small{font-weight:400}
footer{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center;margin-top:1.5rem;font-size:.875rem;color:var(--muted)}
.badge{padding:.25rem .75rem;border:1px solid var(--line);border-radius:99rem;background:var(--surface);color:var(--text);font-weight:600}
@media (max-width:30rem){
.verdict{grid-template-columns:minmax(0,1fr)}
.countdown{margin-top:.75rem;text-align:left}
.countdown b{display:inline;font-size:2rem}
.card dl>div{grid-template-columns:1fr}
#events tbody th,#events tbody td{display:block;width:auto;padding-right:0}
#events tbody th{padding-bottom:0;font-size:.875rem;color:var(--muted)}
#events tbody td{padding-top:0}
#events thead{display:none}
}
@media print{
:root{${variables({ ...PALETTE.light, ground: '#fff', muted: '#444', line: '#bbb' })}}
html{font-size:10pt}
body{max-width:none;padding:0}
.live,.skip,.elsewhere{display:none}
.card,.verdict{break-inside:avoid;border-radius:0;-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
@media (forced-colors:active){.bar .used,.bar .over{fill:CanvasText}.timeline li::before{background:CanvasText}}
`
