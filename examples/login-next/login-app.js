// Only the server may have this file: a client component that imports it does not compile.
import 'server-only'
import { byKey } from './login-helper.js'

// Never NEXT_PUBLIC_: those are built into what browsers get.
const { LADON_URL = 'http://localhost:4444', LADON_ADMIN_KEY = 'ladon-dev-admin-key' } = process.env

/** @type {import('./login-helper.js').LoginApp} */
export const loginApp = {
  ladon: byKey(LADON_URL, LADON_ADMIN_KEY),

  // Fill this in: look the user up, compare the password's hash, and count wrong ones by name and by network.
  async verify(name, password) {
    return name === 'alice' && password === 'wonderland' ? { id: 'alice' } : undefined
  },

  async claims(subject, scopes) {
    return scopes.includes('email') ? { email: `${subject}@example.com` } : {}
  },
}
