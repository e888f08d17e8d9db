// @ts-check
/** A login and consent app for Ladon: a Worker, bound to Ladon's entrypoint `AdminFlows`. It has no key to lose. */
import { Hono } from 'hono'
import * as login from './login-helper.js'

/** @typedef {{ LADON: { fetch: (url: string, init?: RequestInit) => Promise<Response> } }} Env */

/** @param {Env} env @returns {login.LoginApp} */
const loginApp = (env) => ({
  ladon: login.byBinding(env.LADON),

  // Fill this in: look the user up, compare the password's hash, and count wrong ones by name and by network.
  async verify(name, password) {
    return name === 'alice' && password === 'wonderland' ? { id: 'alice' } : undefined
  },

  async claims(subject, scopes) {
    return scopes.includes('email') ? { email: `${subject}@example.com` } : {}
  },
})

/** @type {Hono<{ Bindings: Env }>} */
const app = new Hono()
// Take this out when verify() is yours: until then everybody knows who gets in.
app.use(async (c, next) => {
  if (new URL(c.req.url).hostname === 'localhost') return next()
  return c.text('verify() is still that of the example.', 503)
})
app.all('/login', (c) => login.handleLogin(c.req.raw, loginApp(c.env)))
app.all('/consent', (c) => login.handleConsent(c.req.raw, loginApp(c.env)))
app.all('/logout', (c) => login.handleLogout(c.req.raw, loginApp(c.env)))
app.all('/device', (c) => login.handleDevice(c.req.raw, loginApp(c.env)))
app.get('/device/done', login.handleDeviceDone)
app.get('/error', login.handleError)

export default app
