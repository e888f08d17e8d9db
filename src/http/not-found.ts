import type { Context } from 'hono'

/** Unknown path or wrong method: 404 in the caller's format; the nested JSON shape appears nowhere else (contract 0.2). */
export function notFound(c: Context): Response {
  const accept = c.req.header('accept') ?? ''
  const reason = 'No endpoint has this path and method.'
  const wantsHtml = accept.includes('text/html')
  if (accept.includes('json') || (!wantsHtml && (accept === '' || accept.includes('*/*')))) {
    return c.json({ error: { code: 404, message: 'Not Found', reason } }, 404)
  }
  if (!wantsHtml) return c.text('404 Not Found', 404)
  return c.html(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Not found</title><h1>Not found</h1><p>This page does not exist.</p></html>',
    404,
  )
}
