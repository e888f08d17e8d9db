/** What the OpenAPI document says of an operation, as far as the reference shows it. */
interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
}

interface OpenApi {
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const HEAD = `# Endpoints

Every endpoint, made from the [OpenAPI document](../../src/assets/openapi.json), which the server has at \`/openapi.json\` and
which says what each takes and answers. The last column is the id of the operation: the name of the method in generated
clients, Hydra's where Hydra has the endpoint. Paths are below the issuer. Every refusal is explained in
[errors](../errors.md); what Hydra's clients rely on, clause by clause, is [the wire contract](../contract.md).

Calls below \`/admin\` take \`Authorization: Bearer KEY\`, an API key of \`ADMIN_API_KEYS\` whose scope suffices
([API keys](operate.md#keys-and-secrets)). Those that Hydra's v1 had work without the \`/admin\` before them, too.
`

/** Returns the document that lists all endpoints, made from the text of the OpenAPI document. */
export function apiReference(openApi: string): string {
  const { tags, paths }: OpenApi = JSON.parse(openApi)
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const parts = tags.map(({ name, description }) => {
    const rows = operations
      .filter(({ operation }) => operation.tags.includes(name))
      .map(
        ({ path, method, operation: { summary, operationId } }) =>
          `| ${method} | \`${path}\` | ${summary} | \`${operationId}\` |\n`,
      )
    return `\n## ${description}\n\n| method | path | what | operation |\n| --- | --- | --- | --- |\n${rows.join('')}`
  })
  return HEAD + parts.join('')
}
