import type { Runtime } from '../runtime.ts'
import type { JsonObject } from '../util/json.ts'
import type { WrittenClient } from './manage.ts'
import { registrationToken } from './registration-token.ts'
import { renderClient, renderRegistration, withSecret } from './render.ts'

/** The answer to an admin who created a client, with all that is shown only once (contract 1.4.1). */
export const renderNewClient = (rt: Runtime, written: WrittenClient): Promise<NewClient> =>
  renderNew(rt, written, renderClient(written.client))

/** The answer to a client that registered itself (RFC 7591 section 3.2.1). */
export const renderNewRegistration = (rt: Runtime, written: WrittenClient): Promise<NewClient> =>
  renderNew(rt, written, renderRegistration(written.client))

/**
 * The answer to an admin who changed a client; has the new registration access token if the change ended the older
 * ones.
 */
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
