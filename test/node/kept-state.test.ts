import { expect, it } from 'vitest'
import { sourcesIn } from './sources.ts'

/*
 * What an isolate or a Durable Object keeps from one request to the next must not grow with what is sent to it. A
 * `BoundedMap` has its bound, and a weak collection ends with its keys. All others are made empty somewhere, as a Map, a
 * Set or the list of an object, and each is named here with what bounds it.
 */

/** What ends with the request, or the call, that made it. */
const OF_A_CALL: readonly string[] = [
  ...['authorize/dry-run.ts #made', 'config/reader.ts #problems', 'endpoints/openapi.ts found'],
  ...[
    'http/form.ts #values',
    'http/form.ts spelled',
    'http/repeats.ts taken',
    'keys/rotation.ts groups',
    'ledger/changes.ts ids',
    'store/cache-fill.ts values',
  ],
]

/** What stays, and its bound. */
const STAYS: Readonly<Record<string, string>> = {
  'app.ts bindingApps': 'the entrypoints',
  'crypto/envelope.ts constants': 'the kinds of envelopes',
  'crypto/root-key.ts #derived': 'the purposes of keys, which are constants',
  'http/segment-router.ts #added': 'the routes',
  'http/segment-router.ts below': 'the routes',
  'http/segment-router.ts ends': 'the routes',
  'http/segment-router.ts named': 'the routes',
  'keys/key-set.ts known': 'the keys of a set; it is replaced',
  'keys/ring.ts #sets': 'the sets that code and settings name',
  'keys/sign-jwt.ts signer': 'the types of tokens, of a key that is there',
  'languages/languages.ts made': 'the languages',
  'ledger/layout.ts creations': 'the tables',
  'ledger/recent-changes.ts #heads': 'MAX_VALUES',
  'ledger/stored-tables.ts #existing': 'the tables; it is replaced',
  'limits/floods.ts #pausedUntil': 'the classes of floods',
  'store/sharing.ts underWay': 'its limit',
  'store/vouching.ts #watched': 'the caches of a runtime',
  'util/bounded-map.ts #entries': 'itself',
  'util/prefix-tree.ts #root': 'the words that one was made of',
  'util/prefix-tree.ts next': 'the words that one was made of',
  'util/trouble.ts counts': 'the sources and causes',
}

/** A line that makes a Map or a Set, or the list of an object, without anything in it. */
const MAKES_EMPTY = /new (?:Map|Set)(?:<[^()]*>)?\(\)|^ {2}readonly .* = \[\]$/

/** What such a line declares. */
const DECLARED = /(?:const|let|readonly) (#?\w+)|(#?\w+)/

it('what stays in memory has a bound', () => {
  const found = sourcesIn('src')
    .filter(({ path }) => !/^src\/(dev|cli)\//.test(path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line) => {
        const [, declared, first] = MAKES_EMPTY.test(line) ? (DECLARED.exec(line) ?? []) : []
        const name = declared ?? first
        return name === undefined ? [] : [`${path.replace('src/', '')} ${name}`]
      }),
    )
  expect([...new Set(found)].sort()).toEqual([...OF_A_CALL, ...Object.keys(STAYS)].sort())
})
