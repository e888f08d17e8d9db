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
app.all('/login', (c) => login.handleLogin(c.req.raw, loginApp(c.env)))
app.all('/consent', (c) => login.handleConsent(c.req.raw, loginApp(c.env)))
app.all('/logout', (c) => login.handleLogout(c.req.raw, loginApp(c.env)))
app.all('/device', (c) => login.handleDevice(c.req.raw, loginApp(c.env)))
app.get('/device/done', login.handleDeviceDone)
app.get('/error', login.handleError)

export default app
