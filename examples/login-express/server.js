// @ts-check
/** A login and consent app for Ladon with Express. */
import { Readable } from 'node:stream'
import express from 'express'
import * as login from './login-helper.js'

const EVERYBODYS_KEY = 'ladon-dev-admin-key'
const { PORT = '3000', LADON_URL = 'http://localhost:4444', LADON_ADMIN_KEY = EVERYBODYS_KEY } = process.env
const isHere = /^(localhost|127[\d.]+|\[::1])$/.test(new URL(LADON_URL).hostname)
if (LADON_ADMIN_KEY === EVERYBODYS_KEY && !isHere) {
  console.error('Ladon is elsewhere: set LADON_ADMIN_KEY. Everybody knows the key of the development server.')
  process.exit(1)
}
// Take this out when verify() is yours: until then everybody knows who gets in.
if (!isHere) {
  console.error('Ladon is elsewhere: write verify(). That of the example lets everybody in.')
  process.exit(1)
}

/** @type {login.LoginApp} */
const loginApp = {
  ladon: login.byKey(LADON_URL, LADON_ADMIN_KEY),

  // Fill this in: look the user up, compare the password's hash, and count wrong ones by name and by network.
  async verify(name, password) {
    return name === 'alice' && password === 'wonderland' ? { id: 'alice' } : undefined
  },

  async claims(subject, scopes) {
    return scopes.includes('email') ? { email: `${subject}@example.com` } : {}
  },
}

/** @param {login.Handler} handler @param {express.Request} req @param {express.Response} res */
async function answer(handler, req, res) {
  const headers = new Headers(Object.entries(req.headers).map(([name, value]) => [name, String(value)]))
  const body = req.method === 'POST' ? Readable.toWeb(req) : null
  const init = /** @type {RequestInit} */ ({ method: req.method, headers, body, duplex: 'half' })
  const given = await handler(new Request(`http://${req.get('host')}${req.originalUrl}`, init), loginApp)
  res
    .status(given.status)
    .set(Object.fromEntries(given.headers))
    .send(await given.text())
}

/** @param {login.Handler} handler @returns {express.RequestHandler} */
const over = (handler) => (req, res) => void answer(handler, req, res).catch(() => res.sendStatus(400))

express()
  .disable('x-powered-by')
  .all('/login', over(login.handleLogin))
  .all('/consent', over(login.handleConsent))
  .all('/logout', over(login.handleLogout))
  .all('/device', over(login.handleDevice))
  .all('/device/done', over(login.handleDeviceDone))
  .all('/error', over(login.handleError))
  .listen(Number(PORT), 'localhost', () => console.log(`Ready on http://localhost:${PORT}`))
