import type { ClientAuthMethod } from './method.ts'
import { METHODS } from './registry.ts'

/** The method of that name; `undefined` for one that never works here. */
export const methodNamed = (name: string): ClientAuthMethod | undefined =>
  METHODS.find(({ method }) => method === name)

/** How strongly a method proves a client; -1 for one that never works here. */
export const strengthOf = (name: string): number => methodNamed(name)?.strength ?? -1

/** Whether clients of a method have a secret. */
export const usesSecret = (name: string): boolean => methodNamed(name)?.provenBy === 'secret'

/** The methods whose clients have a secret. */
export const secretMethods = (): readonly string[] =>
  METHODS.filter(({ provenBy }) => provenBy === 'secret').map(({ method }) => method)
