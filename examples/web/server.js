// @ts-check
/** A web application with Auth.js: its server keeps the tokens in an encrypted cookie; the browser never sees one. */
import { randomBytes } from 'node:crypto'
import { getToken } from '@auth/core/jwt'
import { ExpressAuth } from '@auth/express'
import express from 'express'

const { env } = process
const PORT = env.PORT ?? '3003'
const ORIGIN = env.ORIGIN ?? `http://localhost:${PORT}`
const ISSUER = env.LADON_URL ?? 'http://localhost:4444'
const API = env.API_URL ?? 'http://localhost:3001/orders'
const { CLIENT_SECRET } = env
if (!CLIENT_SECRET) {
  console.error('Set CLIENT_SECRET: it was printed when the client was registered.')
  process.exit(1)
}
/** Opens the cookies. A random one ends all sessions when the server starts again. */
const secret = env.AUTH_SECRET ?? randomBytes(32).toString('base64')
const secureCookie = ORIGIN.startsWith('https:')
const cookieName = `${secureCookie ? '__Secure-' : ''}authjs.session-token`

/** @type {import('@auth/express').ExpressAuthConfig} */
const config = {
  secret,
  trustHost: true,
  useSecureCookies: secureCookie,
  session: { strategy: 'jwt', maxAge: 3600 },
  providers: [
    {
      id: 'ladon',
      name: 'Ladon',
      type: 'oidc',
      issuer: ISSUER,
      clientId: env.CLIENT_ID ?? 'web',
      clientSecret: CLIENT_SECRET,
      checks: ['pkce', 'state', 'nonce'],
      authorization: { params: { scope: 'openid orders:read', audience: 'orders-api' } },
    },
  ],
  callbacks: {
    // What is in the encrypted cookie.
    jwt: ({ token, account }) =>
      account
        ? { sub: account.providerAccountId, accessToken: account.access_token, idToken: account.id_token }
        : token,
    // What scripts of the page can read at /auth/session: no token.
    session: ({ session, token }) => ({ user: { id: token.sub }, expires: session.expires }),
  },
}

/** What the cookie of a request holds; null if nobody is logged in. @param {express.Request} req */
const loginOf = (req) => {
  const headers = { cookie: req.headers.cookie ?? '' }
  return getToken({ req: { headers }, secret, secureCookie, salt: cookieName, cookieName })
}

/** @param {unknown} text */
const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** @param {express.Response} res @param {string} content */
const page = (res, content) =>
  res
    .set('content-security-policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
    .send(`<!doctype html><html lang="en"><title>Web</title><h1>Web</h1>${content}</html>`)

const app = express().disable('x-powered-by')
app.use('/auth', ExpressAuth(config))

app.get('/', async (req, res) => {
  const login = await loginOf(req)
  if (!login) return page(res, '<p>Nobody is logged in. <a href="/auth/signin?callbackUrl=/">Log in</a></p>')
  page(
    res,
    `<p>You are ${escaped(login.sub)}.</p><p><a href="/orders">Show my orders</a></p>
<form method="post" action="/logout"><button>Log out</button></form>`,
  )
})

app.get('/orders', async (req, res) => {
  const login = await loginOf(req)
  if (!login) return res.redirect('/auth/signin?callbackUrl=/orders')
  const answer = await fetch(API, { headers: { authorization: `Bearer ${login['accessToken']}` } })
  // The token has expired or was revoked. Ladon still knows the user, and asks for nothing if it remembers them.
  if (answer.status === 401) return res.redirect('/auth/signin?callbackUrl=/orders')
  page(res, `<p role="status">${answer.status} ${escaped(await answer.text())}</p>`)
})

app.post('/logout', async (req, res) => {
  if (req.headers.origin !== ORIGIN) return res.sendStatus(403)
  const login = await loginOf(req)
  const discovery = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json()
  for (const [, name = ''] of (req.headers.cookie ?? '').matchAll(/([\w.-]+)=/g))
    if (name.startsWith(cookieName)) res.clearCookie(name, { secure: secureCookie })
  // Ends the login at Ladon too; without this the next login asks nobody.
  const query = new URLSearchParams({ post_logout_redirect_uri: `${ORIGIN}/` })
  if (login) query.set('id_token_hint', String(login['idToken']))
  res.redirect(303, `${discovery.end_session_endpoint}?${query}`)
})

/** @type {express.ErrorRequestHandler} */
const failed = (thrown, _req, res, _next) => {
  console.error(thrown)
  page(res.status(500), '<p>Something is broken. Try again in a minute.</p>')
}
app.use(failed)

app.listen(Number(PORT), 'localhost', () => console.log(`Ready on ${ORIGIN}`))
