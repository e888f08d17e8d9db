import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { MINUTE } from '../http/json.ts'
import { redirect } from '../http/location.ts'
import { basePath } from '../http/page.ts'
import { endsInSlash } from '../http/paths.ts'
import { assetAt } from './assets.ts'

/** Media types of the files there are, by the ending of their names. */
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
}

/** The documents have no script and no form, and nothing from elsewhere. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex',
  ...MINUTE,
}

/** A name of a page, or of a file beside it. */
const NAME = /^[\w-]+(\.\w+)?$/

/**
 * GET /docs, and what is below it: the documents as `npm run docs` made them. They are the same for everybody and know no
 * cookie.
 */
export function docs(c: Context<AppEnv>): Promise<Response> {
  const names = [c.req.param('room'), c.req.param('page')].filter((name) => name !== undefined)
  if (!names.every((name) => NAME.test(name))) return missing(c)
  const path = ['/docs', ...names].join('/')
  // The links of a page are relative to its address without a slash at the end.
  if (endsInSlash(c.req.url)) return Promise.resolve(redirect(c, `${basePath(c)}${path}`, 308))
  return file(c, path.includes('.') ? path : `${path}.html`)
}

/** GET /llms.txt: the list of the documents, for machines that read. */
export const llms = (c: Context<AppEnv>): Promise<Response> => file(c, '/llms.txt')

async function file(c: Context<AppEnv>, path: string): Promise<Response> {
  const type = TYPES[path.slice(path.lastIndexOf('.'))]
  const body = type === undefined ? undefined : await assetAt(c, path)
  if (type === undefined || body === undefined) return missing(c)
  return new Response(body, { headers: { 'content-type': type, ...HEADERS } })
}

/** A person gets a page. */
async function missing(c: Context<AppEnv>): Promise<Response> {
  if (c.req.header('accept')?.includes('text/html') === true) return c.notFound()
  throw new OAuthError('resource_not_found', 'path_unknown')
}
