import { brandColors } from '../http/page-colors.ts'

/**
 * Returns the style sheet of every built-in page: light and dark, from 320 px, written either way, and no script.
 *
 * @param color - the operator's, six hexadecimal digits after `#`
 */
export function styleOf(color: string): string {
  const { light, dark } = brandColors(color)
  return `:root {
  color-scheme: light dark;
  --brand: ${light}; --on-brand: #fff;
  --ground: #f4f5f7; --card: #fff; --shade: #eceef2; --field: #fff; --ink: #16181d; --soft: #595f6b;
  --line: #dde0e6; --edge: #868d9a; --good: #17663a; --good-ground: #edf7f0; --bad: #b3261e; --bad-ground: #fdf0ef;
  --warn: #734700; --warn-ground: #fff6e2;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --brand: ${dark}; --on-brand: #0f1115;
    --ground: #0f1115; --card: #181b21; --shade: #262a32; --field: #11141a; --ink: #eef0f4; --soft: #a7adba;
    --line: #2e333d; --edge: #737a88; --good: #7fd19c; --good-ground: #14251b; --bad: #ff9a92; --bad-ground: #2a1716;
    --warn: #f2c879; --warn-ground: #2a2110;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; grid-template-rows: 1fr auto; place-items: center;
  grid-template-columns: minmax(0, 1fr);
  background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main {
  width: calc(100% - 2rem); max-width: 26rem; margin: 2rem 1rem 1.5rem; padding: 2rem 1.75rem;
  display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr);
  background: var(--card); border: 1px solid var(--line); border-radius: 1.125rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / .04), 0 12px 32px -12px rgb(0 0 0 / .14);
}
.wide { max-width: 46rem; }
header { display: grid; justify-items: center; gap: .75rem; margin-bottom: .5rem; text-align: center; }
.mark { display: grid; place-items: center; max-width: 100%; }
.mark > * { grid-area: 1 / 1; }
.mark span, .mark img::after {
  width: 3.5rem; height: 3.5rem; border-radius: 1rem; display: grid; place-items: center;
  background: var(--brand); color: var(--on-brand); font-size: 1.5rem; font-weight: 700; line-height: 1;
}
.mark img { position: relative; height: 3.5rem; min-width: 3.5rem; max-width: 100%; object-fit: contain; background: var(--card); }
.mark img::after { content: attr(data-letter); position: absolute; inset: 0; margin: auto; }
h1 { margin: 0; font-size: 1.375rem; line-height: 1.25; letter-spacing: -.01em; text-wrap: balance; }
:lang(ja) h1, :lang(ar) h1 { letter-spacing: 0; }
:lang(ja) :is(h1, p, legend, button) { word-break: auto-phrase; }
h2 { margin: .5rem 0 0; font-size: 1.0625rem; line-height: 1.35; }
p, ul, dl, dd, fieldset, pre { margin: 0; padding: 0; }
header p { text-wrap: balance; }
.lead, .soft, .note { color: var(--soft); }
.lead strong { color: var(--ink); font-weight: 600; }
.note { font-size: .875rem; text-align: center; text-wrap: balance; }
a { color: var(--brand); text-underline-offset: .2em; }
form { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
label { display: grid; gap: .35rem; font-size: .9375rem; font-weight: 600; }
input[type=text], input[type=password] {
  width: 100%; min-height: 3rem; padding: .65rem .85rem; font: inherit; font-size: 1rem; font-weight: 400; color: inherit;
  background: var(--field); border: 1px solid var(--edge); border-radius: .75rem;
}
input[aria-invalid] { border-color: var(--bad); }
.code input { font: 600 1.375rem/1.4 ui-monospace, monospace; letter-spacing: .12em; text-align: center; }
.row { display: flex; gap: .65rem; align-items: flex-start; font-size: .9375rem; font-weight: 400; line-height: 1.4; }
.row > input, .row > .tick { width: 1.125rem; height: 1.125rem; margin: .1rem 0 0; flex: none; }
input[type=checkbox] { accent-color: var(--brand); }
.tick { color: var(--soft); display: grid; place-items: center; }
.tick::before { content: ""; width: .4rem; height: .75rem; margin-top: -.2rem; border: solid; border-width: 0 2px 2px 0; rotate: 45deg; }
.row small { display: block; color: var(--soft); font-size: .875rem; }
fieldset { border: 0; min-width: 0; }
legend { padding: 0; margin-bottom: .5rem; color: var(--soft); font-size: .875rem; }
.list { list-style: none; border: 1px solid var(--line); border-radius: .75rem; }
.list li + li { border-top: 1px solid var(--line); }
.list .row { padding: .75rem .9rem; }
.who {
  display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; padding: .65rem .9rem;
  background: var(--shade); border-radius: .75rem; font-size: .9375rem;
}
.links { display: flex; flex-wrap: wrap; justify-content: center; gap: .25rem 1.25rem; font-size: .875rem; }
.buttons { display: grid; gap: .75rem; margin-top: .25rem; }
button, .button {
  display: block; width: 100%; min-height: 3rem; padding: .6875rem 1.1rem; font: inherit; line-height: 1.5;
  font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; border: 1px solid transparent;
  border-radius: .75rem; background: var(--brand); color: var(--on-brand);
}
.plain { background: transparent; color: var(--ink); border-color: color-mix(in srgb, var(--edge) 55%, transparent); }
button:hover, .button:hover { background: color-mix(in srgb, var(--brand) 90%, var(--ink)); }
.plain:hover { background: var(--shade); }
:focus-visible { outline: 3px solid color-mix(in srgb, var(--brand) 70%, transparent); outline-offset: 2px; }
.alert, .notice, .caution {
  padding: .75rem .9rem; border: 1px solid color-mix(in srgb, currentColor 35%, transparent); border-radius: .75rem;
  font-weight: 500; background: var(--bad-ground); color: var(--bad);
}
.notice { background: var(--good-ground); color: var(--good); }
.caution { background: var(--warn-ground); color: var(--warn); font-size: .9375rem; font-weight: 400; }
details { font-size: .875rem; color: var(--soft); }
details[open] + .note { display: none; }
summary { width: fit-content; padding: .25rem 0; border-radius: .25rem; cursor: pointer; }
details dl { padding-top: .35rem; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .35rem 1rem; }
dd > [dir=auto] { display: block; }
dt { font-weight: 600; }
pre, code { font-family: ui-monospace, monospace; font-size: .8125rem; }
pre { white-space: pre-wrap; }
.panel { display: grid; gap: .5rem; padding: 1rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--ground); }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; }
.actions > * { flex: 1 1 8rem; }
.stack { display: grid; gap: .5rem; }
.checks { list-style: none; }
.good, .bad { font-weight: 600; color: var(--good); }
.bad { color: var(--bad); }
footer {
  display: flex; flex-wrap: wrap; justify-content: center; gap: .25rem 1.25rem; padding: 0 1rem 1.25rem;
  color: var(--soft); font-size: .8125rem;
}
footer a { color: inherit; }
.brand { display: flex; align-items: center; gap: .4rem; }
.brand img { height: 1.25rem; max-width: 6rem; object-fit: contain; }
@media (max-width: 30rem) {
  :root { --ground: var(--card); }
  body { place-items: start center; }
  main { width: 100%; margin: 0; padding: 2rem 1.25rem; border: 0; border-radius: 0; box-shadow: none; background: none; }
  .panel { background: var(--shade); }
}
@media print {
  :root { color-scheme: light; }
  body { display: block; background: none; }
  main { max-width: none; border: 0; box-shadow: none; }
  button, .button, .mark span { background: none; color: var(--ink); border: 1px solid; }
}
@media (prefers-contrast: more) {
  :root { --soft: var(--ink); --line: var(--ink); --edge: var(--ink); }
}
@media (forced-colors: active) {
  button, .button { border-color: ButtonText; }
  .mark span, .who, .panel { border: 1px solid; }
}
`
}
