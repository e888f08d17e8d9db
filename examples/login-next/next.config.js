// @ts-check
/** Next.js reads this when it starts, which it must not elsewhere with a key or password that everybody knows. */
const { LADON_URL = 'http://localhost:4444', LADON_ADMIN_KEY = 'ladon-dev-admin-key' } = process.env
const isHere = /^(localhost|127[\d.]+|\[::1])$/.test(new URL(LADON_URL).hostname)
if (LADON_ADMIN_KEY === 'ladon-dev-admin-key' && !isHere) {
  console.error('Ladon is elsewhere: set LADON_ADMIN_KEY. Everybody knows the key of the development server.')
  process.exit(1)
}
// Take this out when verify() in login-app.js is yours: until then everybody knows who gets in.
if (!isHere) {
  console.error('Ladon is elsewhere: write verify(). That of the example lets everybody in.')
  process.exit(1)
}

export default {}
