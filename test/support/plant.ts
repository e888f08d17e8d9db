import { afterAll, beforeAll } from 'vitest'

/** Plants a member into a registry for the tests of a file: what the registry's frame must hold in check. */
export function plant<Member>(registry: readonly Member[], member: Member): void {
  const { length } = registry
  beforeAll(() => {
    Reflect.set(registry, length, member)
  })
  afterAll(() => {
    Reflect.set(registry, 'length', length)
  })
}
