import * as v from 'valibot'
import { type ApiRoute, parse, route } from './api.ts'

const Session = v.object({ manifest: v.record(v.string(), v.object({ hash: v.string() })) })

/** Stands for an upload and for its end; wrangler reads nothing in it. */
const JWT = 'a.token.of-the-stub'

/** Static assets: what a Worker has, by its name, and the upload of those that the account has not seen. */
export function assetRoutes(assets: Map<string, readonly string[]>): readonly ApiRoute[] {
  const seen = new Set<string>()
  return [
    route('POST', '/workers/scripts/([^/]+)/assets-upload-session', ([name = ''], body) => {
      const { manifest } = parse(Session, body)
      assets.set(name, Object.keys(manifest).sort())
      const missing = Object.values(manifest).flatMap(({ hash }) => (seen.has(hash) ? [] : [hash]))
      return { jwt: JWT, buckets: missing.length === 0 ? [] : [missing] }
    }),
    route('POST', '/workers/assets/upload', (_ids, body) => {
      for (const [, hash = ''] of body.matchAll(/ name="(\w+)"/g)) seen.add(hash)
      return { jwt: JWT }
    }),
  ]
}
