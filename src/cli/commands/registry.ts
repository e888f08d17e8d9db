import type { Command } from '../command.ts'
import { backup, restore } from './backup.ts'
import { clientCreate } from './client-create.ts'
import { clientDelete } from './client-delete.ts'
import { clientGet } from './client-get.ts'
import { clientImport } from './client-import.ts'
import { clientList } from './client-list.ts'
import { clientNew } from './client-new.ts'
import { clientRotate } from './client-rotate.ts'
import { clientUpdate } from './client-update.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { keyDelete } from './key-delete.ts'
import { keyImport } from './key-import.ts'
import { keyList } from './key-list.ts'
import { keyNew } from './key-new.ts'
import { keyRotate } from './key-rotate.ts'
import { janitor, migrate, serve } from './not-needed.ts'
import { performAuthorizationCode } from './perform-authorization-code.ts'
import { performClientCredentials } from './perform-client-credentials.ts'
import { performDeviceCode } from './perform-device-code.ts'
import { tokenIntrospect } from './token-introspect.ts'
import { tokenRevoke } from './token-revoke.ts'
import { tokensDelete } from './tokens-delete.ts'
import { user } from './user.ts'
import { userForget } from './user-forget.ts'
import { userLogout } from './user-logout.ts'
import { version } from './version.ts'

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  clientNew,
  clientList,
  clientGet,
  clientCreate,
  clientUpdate,
  clientRotate,
  clientDelete,
  clientImport,
  keyList,
  keyNew,
  keyRotate,
  keyDelete,
  keyImport,
  tokenIntrospect,
  tokenRevoke,
  tokensDelete,
  performAuthorizationCode,
  performClientCredentials,
  performDeviceCode,
  user,
  userLogout,
  userForget,
  doctor,
  explain,
  backup,
  restore,
  version,
  serve,
  migrate,
  janitor,
]
