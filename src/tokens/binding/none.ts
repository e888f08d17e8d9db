import type { Binding } from './binding.ts'

/** Bearer tokens (RFC 6750), spelled as Hydra spells them. */
export const none: Binding = {
  kind: 'none',
  tokenType: 'bearer',
  introspectedType: 'Bearer',
  scheme: 'Bearer',
  prove: () => Promise.resolve(undefined),
  cnf: () => undefined,
}
