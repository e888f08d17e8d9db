import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Json, JsonObject } from '../util/json.ts'
import type { WrittenClient } from './manage.ts'
import { registrationToken } from './registration-token.ts'
import { renderClient, renderCreatedClient, withSecret } from './render.ts'

/** What a client of itself may do, shown where it left that out (RFC 7591 section 2). */
const DEFAULTS = { grant_types: ['authorization_code'], response_types: ['code'] } as const

/** The answer to an admin's creation: all that is shown only once (contract 1.4.1). */
export const renderNewClient = (rt: Runtime, written: WrittenClient): Promise<NewClient> =>
  renderNew(rt, written, renderCreatedClient(written.client))

/** The answer to a client that registered itself (RFC 7591 section 3.2.1). */
export const renderNewRegistration = (rt: Runtime, written: WrittenClient): Promise<NewClient> =>
  renderNew(rt, written, renderRegistration(written.client))

/** The answer to an admin's change; with the new registration access token where the change ended the older ones. */
export const renderChangedClient = async (
  rt: Runtime,
  written: WrittenClient,
  renewed: boolean,
): Promise<JsonObject> => {
  const shown = renderClient(written.client)
  return renewed ? renderNew(rt, written, shown) : withSecret(shown, written.secret)
}

type NewClient = JsonObject & { readonly registration_client_uri: string }

async function renderNew(
  rt: Runtime,
  { client, secret }: WrittenClient,
  shown: JsonObject,
): Promise<NewClient> {
  return {
    ...withSecret(shown, secret),
    registration_access_token: await registrationToken(rt, client),
    registration_client_uri: `${rt.config.urls.public}/oauth2/register/${encodeURIComponent(client.id)}`,
  }
}

/**
 * A client as it is shown to itself: not the metadata that admins keep about it, and only members that have a value.
 * Strict clients refuse a whole answer for one null or one empty URI.
 */
export function renderRegistration(client: ClientRecord): JsonObject {
  const { metadata: _metadata, ...rest } = renderClient(client)
  const shown = Object.entries(rest)
    .map(([name, value]) => [name, Array.isArray(value) ? value.filter(hasValue) : value] as const)
    .filter(([, value]) => hasValue(value))
  return { ...DEFAULTS, ...Object.fromEntries(shown) }
}

/** Anything but null, an empty text, an empty list and an empty object; `false` and 0 say something. */
const hasValue = (value: Json): boolean =>
  value !== null && value !== '' && (typeof value !== 'object' || Object.keys(value).length > 0)
