import { isJsonObject } from '../util/json.ts'
import { safeJson } from './plain.ts'

/** Matches keys that are no number, boolean or null in any version of YAML. */
const BARE_KEY = /^[A-Za-z_][\w-]*$/
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null)$/i

/**
 * Returns JSON as YAML 1.2 in blocks. Texts are as in JSON, whose double-quoted texts YAML reads alike (section 7.3.1).
 */
export const toYaml = (value: unknown): string => `${block(value, '').join('\n')}`

function block(value: unknown, indent: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item: unknown) => nested(`${indent}- `, item, `${indent}  `))
  if (isJsonObject(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([name, member]) => {
      const key = BARE_KEY.test(name) && !WORDS.test(name) ? name : safeJson(name)
      return isBlock(member)
        ? [`${indent}${key}:`, ...block(member, `${indent}  `)]
        : [`${indent}${key}: ${safeJson(member)}`]
    })
  return [`${indent}${safeJson(value)}`]
}

/** Returns the lines of an item, the first behind its dash. */
function nested(dash: string, item: unknown, indent: string): readonly string[] {
  const [first = '', ...more] = block(item, indent)
  return [`${dash}${first.slice(indent.length)}`, ...more]
}

const isBlock = (value: unknown): boolean =>
  (Array.isArray(value) && value.length > 0) || (isJsonObject(value) && Object.keys(value).length > 0)
