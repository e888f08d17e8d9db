import {
  OAuthClientInformationFullSchema,
  OAuthErrorResponseSchema,
  OAuthMetadataSchema,
  OAuthTokensSchema,
  OpenIdProviderDiscoveryMetadataSchema,
} from '@modelcontextprotocol/sdk/shared/auth.js'
import type { Document, Kind } from '../documents.ts'

interface Issue {
  readonly path: readonly PropertyKey[]
}

interface Schema {
  safeParse(value: unknown): { success: true } | { success: false; error: { issues: readonly Issue[] } }
}

/** What MCP's TypeScript SDK parses with, by kind. */
const SCHEMAS: Partial<Record<Kind, readonly Schema[]>> = {
  discovery: [OAuthMetadataSchema, OpenIdProviderDiscoveryMetadataSchema],
  registration: [OAuthClientInformationFullSchema],
  token: [OAuthTokensSchema],
  error: [OAuthErrorResponseSchema],
}

/** The members that MCP's own schemas refuse; undefined for a kind that it does not read. */
export function refusedByMcp({ kind, text }: Document): readonly string[] | undefined {
  return SCHEMAS[kind]?.flatMap((schema) => {
    const result = schema.safeParse(JSON.parse(text))
    return result.success
      ? []
      : result.error.issues.map(({ path }) => String(path.findLast((part) => typeof part === 'string') ?? ''))
  })
}

/** The record of MCP's verdicts over the documents. */
export function readMcp(documents: readonly Document[]): unknown {
  const verdicts = documents.flatMap((one) => {
    const members = refusedByMcp(one)
    return members === undefined ? [] : [[one.name, members] as const]
  })
  return {
    software: '@modelcontextprotocol/sdk (TypeScript)',
    version: '1.32.2',
    runtime: `Node ${process.versions.node}`,
    style: 'mcp',
    kinds: Object.fromEntries(Object.keys(SCHEMAS).map((kind) => [kind, ''])),
    models: {},
    accepted: verdicts.filter(([, members]) => members.length === 0).map(([name]) => name),
    refused: Object.fromEntries(
      verdicts.filter(([, members]) => members.length > 0).map(([name, [member]]) => [name, member]),
    ),
    why: {},
  }
}
