import * as v from 'valibot'
import { matching } from '../util/schema.ts'
import { absoluteUrl, jsonOf, type Parser } from './parsers.ts'
import type { TokenHook } from './types.ts'

const shape = v.object({
  url: v.string(),
  auth: v.nullish(
    v.object({
      type: v.picklist(['api_key']),
      config: v.object({
        in: v.picklist(['header', 'cookie']),
        name: matching(/^[\w!#$%&'*+.^`|~-]+$/),
        value: matching(/^[\x20-\x3a\x3c-\x7e]*$/),
      }),
    }),
  ),
})

/** The settings that are token hooks. */
const HOOKS = ['OAUTH2_TOKEN_HOOK', 'OAUTH2_REFRESH_TOKEN_HOOK'] as const

/** The ends of the names under which Hydra reads the parts of a token hook one by one. */
const PARTS = ['URL', 'AUTH_TYPE', 'AUTH_CONFIG_IN', 'AUTH_CONFIG_NAME', 'AUTH_CONFIG_VALUE'] as const

/** The names of the parts of token hooks. */
export const HOOK_PARTS: readonly string[] = HOOKS.flatMap((hook) => PARTS.map((part) => `${hook}_${part}`))

type Variables = Readonly<Record<string, unknown>>

/** Returns the environment with each token hook that is given in parts as one value too. */
export function withWholeHooks(env: Variables): Variables {
  return { ...env, ...Object.fromEntries(HOOKS.flatMap((hook) => wholeHook(env, hook))) }
}

function wholeHook(env: Variables, hook: string): readonly (readonly [string, string])[] {
  const [url, type, into, name, value] = PARTS.map((part) => textOf(env[`${hook}_${part}`]))
  const whole = textOf(env[hook])
  const config = { in: into, name, value }
  const isKeyed = [type, into, name, value].some((part) => part !== '')
  if (whole.startsWith('{') || (url === '' && !isKeyed)) return []
  return [[hook, JSON.stringify({ url: url || whole, ...(isKeyed && { auth: { type, config } }) })]]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

/** Parses a token hook: a URL, or JSON with a URL and an API key (contract 1.5). */
export const hook: Parser<TokenHook> = {
  expected:
    'an http or https URL, or JSON such as {"url":"…","auth":{"type":"api_key","config":{"in":"header","name":"…","value":"…"}}}',
  parse: (setting) => {
    const parsed = v.safeParse(shape, setting.startsWith('{') ? jsonOf(setting) : { url: setting })
    if (!parsed.success) return undefined
    const { url, auth } = parsed.output
    return absoluteUrl(url) === undefined ? undefined : { url, auth: auth?.config ?? null }
  },
}
