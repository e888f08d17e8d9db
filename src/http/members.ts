import { isJsonObject, type Json, type JsonObject, pick } from '../util/json.ts'

/**
 * The members that an answer may have, by name: each as it is, only if it is not empty, or with members of its own. The
 * entries of a list have the same.
 */
export interface Members {
  readonly [name: string]: 'any' | 'filled' | Members
}

/** Returns an answer of JSON with only these members; refusals and answers without content as they are. */
export async function onlyMembers(answer: Response, members: Members): Promise<Response> {
  if (answer.status !== 200 && answer.status !== 201) return answer
  return new Response(JSON.stringify(reduced(await answer.json<Json>(), members)), answer)
}

/**
 * Adds to what replaces something the members that its reader did not see, so that nothing is lost which only the answer
 * left out. A member that is sent counts.
 *
 * @param whole - the answer with every member
 * @param members - those that the reader saw
 */
export const withUnseen = (body: unknown, whole: JsonObject, members: Members): unknown =>
  isJsonObject(body) ? { ...pick(whole, (name) => !Object.hasOwn(members, name)), ...body } : body

function reduced(value: Json, members: Members): Json {
  if (Array.isArray(value)) return value.map((entry) => reduced(entry, members))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const known = Object.hasOwn(members, name) ? members[name] : undefined
      if (known === undefined || (known === 'filled' && isBlank(member))) return []
      return [[name, typeof known === 'string' ? member : reduced(member, known)]]
    }),
  )
}

const isBlank = (value: Json): boolean => Array.isArray(value) && value.length === 0
