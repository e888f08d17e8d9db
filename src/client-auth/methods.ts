import type { ClientAuthMethod } from './method.ts'
import { METHODS } from './registry.ts'

/** The method with this name; `undefined` for one that Ladon does not support. */
export const methodNamed = (name: string): ClientAuthMethod | undefined =>
  METHODS.find(({ method }) => method === name)

/** Strength of a method; -1 for one that Ladon does not support. */
export const strengthOf = (name: string): number => methodNamed(name)?.strength ?? -1

/** Whether clients of a method have a secret. */
export const usesSecret = (name: string): boolean => methodNamed(name)?.provenBy === 'secret'

/** The methods whose clients have a secret. */
export const secretMethods = (): readonly string[] =>
  METHODS.filter(({ provenBy }) => provenBy === 'secret').map(({ method }) => method)
