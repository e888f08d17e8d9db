import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { PLANS, variantsOf } from '../flows/openid/certification/plans.ts'

const folder = fileURLToPath(new URL('../flows/openid/certification/', import.meta.url))
const text = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(`${folder}${name}`, 'utf8'))
  .join('\n')

const titles = [...text.matchAll(/['"`](oidcc-[\w-]+): /g)].map(([, module = '']) => module)
const modules = new Set(Object.values(PLANS).flatMap(({ runs }) => runs.flatMap((run) => [...run.modules])))

describe('the tests of the certification plans', () => {
  it.each([...modules])('%s has one, in every way in which a plan runs it', (module) => {
    expect(titles).toContain(module)
    if (variantsOf(module).length > 1) expect(text).toContain(`it.each(variantsOf('${module}'))(`)
  })

  it('are named after modules', () => {
    expect(titles.filter((module) => !modules.has(module))).toEqual([])
  })
})
