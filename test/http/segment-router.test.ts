import fc from 'fast-check'
import { UnsupportedPathError } from 'hono/router'
import { PatternRouter } from 'hono/router/pattern-router'
import { describe, expect, it } from 'vitest'
import { SegmentRouter } from '../../src/http/segment-router.ts'
import { endpoints } from '../support/endpoints.ts'

/** The table's routes, and middleware around and between them, in both routers. */
function bothRouters(): readonly [SegmentRouter<string>, PatternRouter<string>] {
  const routers = [new SegmentRouter<string>(), new PatternRouter<string>()] as const
  for (const router of routers) {
    for (const path of ['/*', '/admin/*', '/admin/clients/*', '/audit', '/demo/*', '/'])
      router.add('ALL', path, `before ${path}`)
    for (const { path, methods } of endpoints)
      for (const method of methods) router.add(method, path, `${method} ${path}`)
    router.add('ALL', '/admin/keys/*', 'after')
  }
  return routers
}

/** What a router finds, in a form that can be compared. */
const found = (
  router: SegmentRouter<string> | PatternRouter<string>,
  method: string,
  path: string,
): readonly unknown[] =>
  router.match(method, path)[0].map(([handler, parameters]) => [handler, { ...parameters }])

describe('the router', () => {
  const [own, theirs] = bothRouters()
  const segments = [...new Set(endpoints.flatMap(({ path }) => path.split('/').filter(Boolean)))]
  const segment = fc.oneof(
    fc.constantFrom(...segments.filter((name) => !name.startsWith(':'))),
    fc.constantFrom('some', '%2F', 'é', '__proto__', 'constructor', '*', ':id', 'a.b'),
  )

  it("finds what Hono's finds, in the same order, with the same parameters", () => {
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE')
    const path = fc.oneof(
      fc.array(segment, { maxLength: 7 }).map((parts) => `/${parts.join('/')}`),
      fc.constantFrom(...endpoints.map((endpoint) => endpoint.path.replaceAll(/:\w+\??/g, 'some'))),
    )
    fc.assert(
      fc.property(method, path, fc.boolean(), (asked, at, slash) => {
        const spelled = slash && at !== '/' ? `${at}/` : at
        expect(found(own, asked, spelled)).toEqual(found(theirs, asked, spelled))
      }),
      { numRuns: 2000 },
    )
  })

  it('finds every route of the table, its optional parameters given or not', () => {
    for (const { path, methods } of endpoints) {
      const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name)
      const whole = path.replaceAll(/:(\w+)\??/g, 'the-$1')
      const [last] = own
        .match(methods[0], whole)[0]
        .filter(([handler]) => handler === `${methods[0]} ${path}`)
      expect([path, { ...last?.[1] }]).toEqual([
        path,
        Object.fromEntries(names.map((name) => [name, `the-${name}`])),
      ])
      const least = path.replaceAll(/\/:\w+\?/g, '').replaceAll(/:\w+/g, 'some')
      expect(found(own, methods[0], least).map((entry) => Object(entry)[0])).toContain(
        `${methods[0]} ${path}`,
      )
    }
  })

  it('goes no deeper than its routes, however long a path is', () => {
    expect(found(own, 'GET', '/some'.repeat(20_000))).toEqual([['before /*', {}]])
  })

  it('refuses a pattern that it does not know', () => {
    for (const pattern of ['/a/:id{[0-9]+}', '/a/*/b', '/a?/b']) {
      const router = new SegmentRouter<string>()
      router.add('GET', pattern, 'planted')
      expect(() => router.match('GET', '/')).toThrow(UnsupportedPathError)
    }
  })
})
