import { existsSync } from 'node:fs'

const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** Returns the path of a Chromium for browser tests: CHROMIUM_PATH, or a usual path; undefined if there is none. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH'] ?? ''
  return (named === '' ? USUAL_PATHS : [named]).find((path) => existsSync(path))
}

/** Whether browser tests must run: without Chromium they then fail instead of being skipped. */
export function browserRequired(): boolean {
  return process.env['LADON_REQUIRE_BROWSER'] === '1'
}
