import { posix } from 'node:path'

/** The path below the issuer at which all documents are. */
const BASE = '/docs'

/** Returns the path at which a document is served: `guides/README.md` is the page of its folder. */
export const pathOf = (file: string): string =>
  posix.join(BASE, file.replace(/(?:^|\/)README\.md$/, '').replace(/\.md$/, ''))

/** Returns how a page refers to a path, so that it does not need to know the path of the issuer. */
export const relativeTo = (page: string, path: string): string =>
  posix.join(posix.relative(posix.dirname(page), posix.dirname(path)), posix.basename(path))

/** Documents that are served elsewhere, by their path from `docs/`. */
const ELSEWHERE: Readonly<Record<string, string>> = { '../src/assets/openapi.json': '/openapi.json' }

/** Where a link of a document leads. */
export type Link = { readonly href: string } | { readonly source: string }

/**
 * Returns where a link of a document leads: to an address, or to a file of the source, which is not served.
 *
 * @param file - the document, below `docs/`
 * @param link - as it is written there
 */
export function linkOf(file: string, link: string): Link {
  if (/^(?:https?:|mailto:|#)/i.test(link)) return { href: link }
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return { source: link }
  const [path = '', anchor] = link.split('#')
  const target = posix.join(posix.dirname(file), path)
  const behind = anchor === undefined ? '' : `#${anchor}`
  const elsewhere = ELSEWHERE[target]
  if (elsewhere === undefined && target.startsWith('../')) return { source: target.replaceAll('../', '') }
  const to = elsewhere ?? (target.endsWith('.md') ? pathOf(target) : posix.join(BASE, target))
  return { href: relativeTo(pathOf(file), to) + behind }
}
