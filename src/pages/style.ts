/** The style sheet of every built-in page: light and dark, from 320 px, no images and no script. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f7f5f0; --card: #fff; --ink: #1d1b16; --soft: #5a554a; --line: #d8d2c4;
  --accent: #7a4b00; --on-accent: #fff; --good: #1b6b34; --bad: #a11b1b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #16140f; --card: #211e17; --ink: #f1ede3; --soft: #b9b2a2; --line: #4a4435;
    --accent: #f0b84a; --on-accent: #1d1b16; --good: #7fd197; --bad: #ff9c93;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere; }
.narrow { max-width: 26rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
.card > :first-child { margin-top: 0; }
p { margin: .5rem 0; }
img { max-width: 100%; }
a { color: var(--accent); }
.brand { color: var(--soft); margin: 0 0 1.5rem; font-size: .9rem; letter-spacing: .04em; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 1rem 0; }
.soft { color: var(--soft); }
.alert, .notice { border-left: .3rem solid var(--bad); padding: .5rem .75rem; background: var(--card); }
.notice { border-color: var(--good); }
label, legend, dt, .good, .bad { font-weight: 600; }
label, dt { margin-top: .75rem; }
label { display: block; }
.choice { display: flex; gap: .6rem; align-items: baseline; font-weight: 400; }
.choice span, fieldset, legend, dd { border: 0; margin: 0; padding: 0; min-width: 0; }
input[type=text], input[type=password] {
  display: block; width: 100%; margin-top: .25rem; padding: .6rem; font: inherit; font-weight: 400;
  color: inherit; background: var(--ground); border: 1px solid var(--soft); border-radius: .4rem;
}
.code input[type=text] { font: 600 1.4rem/1.4 ui-monospace, monospace; letter-spacing: .12em; }
input[type=checkbox] { width: 1.1rem; height: 1.1rem; flex: none; translate: 0 .2rem; accent-color: var(--accent); }
.buttons { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: 1rem; }
button, .button {
  display: inline-block; min-height: 2.75rem; padding: .55rem 1.1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .4rem;
  text-decoration: none;
}
.plain { color: var(--ink); background: transparent; border-color: var(--soft); }
:focus-visible { outline: .2rem solid var(--accent); outline-offset: .15rem; }
pre, code { font-family: ui-monospace, monospace; font-size: .85rem; }
pre { margin: .5rem 0; white-space: pre-wrap; }
.checks { list-style: none; margin: .5rem 0; padding: 0; }
.checks li { padding: .15rem 0; }
.good { color: var(--good); }
.bad { color: var(--bad); }
`
