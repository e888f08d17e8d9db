import { html } from 'hono/html'
import type { Brand } from '../config/brand.ts'
import { brandColors } from './page-colors.ts'
import type { Html } from './page-text.ts'

/** Whose page it is, for the eye: a logo, or the first letter of a name. */
export interface Mark {
  readonly name: string
  readonly logo: string | null
}

/** The mark of a page about a failure. */
export const TROUBLE: Mark = { name: '!', logo: null }

/** The mark of a page behind which nothing is left to do. */
export const DONE: Mark = { name: '✓', logo: null }

/** The letter stands behind the logo, and the style sheet puts it over one that cannot be loaded: there is no hole. */
export const renderMark = ({ name, logo }: Mark): Html =>
  html`<div class="mark" aria-hidden="true"><span>${letterOf(name)}</span>${
    logo !== null &&
    html`<img src="${logo}" alt="" data-letter="${letterOf(name)}" referrerpolicy="no-referrer">`
  }</div>`

const letterOf = (name: string): string => ([...name.trim()][0] ?? '').toLocaleUpperCase('en')

/** The icon of the browser's tab: the operator's, or the first letter of the name. */
export function iconOf({ icon, name, color }: Brand): string {
  if (icon !== null) return icon
  const text = `<text x="16" y="23" font-family="sans-serif" font-size="20" font-weight="700" text-anchor="middle" fill="#fff">${escaped(letterOf(name))}</text>`
  const image = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${brandColors(color).light}"/>${text}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(image)}`
}

const escaped = (letter: string): string => letter.replace(/[<>&"]/, '')

/** Returns the policy source of an image (CSP Level 3 section 2.3.1). */
export const imageSource = (url: string): string => (url.startsWith('data:') ? 'data:' : new URL(url).origin)
