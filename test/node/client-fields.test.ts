import { describe, expect, it } from 'vitest'
import { type ClientField, flag, further, text } from '../../src/store/client-field.ts'
import { CLIENT_FIELDS } from '../../src/store/client-fields.ts'
import { readText } from './citations.ts'

/** Members of a client's JSON, or of what is stored of it, that are no fields of the metadata. */
const NO_FIELDS = [
  'client_id',
  'client_secret',
  'client_secret_expires_at',
  'created_at',
  'updated_at',
  'registration_access_token',
  'registration_client_uri',
  'localized',
]

const contract = readText('docs/contract.md')
const section = contract.slice(contract.indexOf('### 2.1 '), contract.indexOf('### 2.2 '))
const documented = new Set([...section.matchAll(/`([a-z_]+)(?:#de)?`/g)].map(([, name = '']) => name))
const listed = [...section.matchAll(/^\| (`.*?) \| /gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name),
)

/** What is wrong with rows, whatever the compiler thinks of them. */
function carelessIn(table: Readonly<Record<string, ClientField>>): readonly string[] {
  return Object.entries(table).flatMap(([name, field]) => {
    const { kind, reserved, localized, bound, values, url } = field
    return [
      ...(documented.has(name) ? [] : [`${name} is not documented`]),
      ...(NO_FIELDS.includes(name) ? [`${name} is no field`] : []),
      ...(reserved && localized ? [`${name} can be set by a client in another language`] : []),
      ...(reserved && bound ? [`${name} is the client's to change, and is not`] : []),
      ...(kind === 'further' && (values || url) ? [`${name} is judged by its schema alone`] : []),
    ]
  })
}

describe('the table of client metadata', () => {
  it('is documented, and has no careless row', () => {
    expect(carelessIn(CLIENT_FIELDS)).toEqual([])
  })

  it('has every field that is documented', () => {
    expect(listed.length).toBeGreaterThan(50)
    expect(listed.filter((name) => !(name in CLIENT_FIELDS) && !NO_FIELDS.includes(name))).toEqual([])
  })

  it.each<[string, string, ClientField]>([
    ['not documented', 'undocumented_uri', text({ url: true })],
    ['no field', 'client_secret', text({})],
    [
      'in another language',
      'owner',
      text({ reserved: { refusal: 'invalid_request', kept: true }, localized: true }),
    ],
    [
      'and is not',
      'skip_consent',
      flag({ reserved: { refusal: 'invalid_request', kept: true }, bound: 'pinned' }),
    ],
    [
      'by its schema alone',
      'software_id',
      { ...further(CLIENT_FIELDS.owner.stored, CLIENT_FIELDS.owner.wire), url: true },
    ],
  ])('does not take a row that is %s: %s', (fault, name, field) => {
    expect(carelessIn({ ...CLIENT_FIELDS, [name]: field })).toEqual([expect.stringContaining(fault)])
  })
})
