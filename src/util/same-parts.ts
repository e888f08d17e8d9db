/** Keeps what was last made for an owner, as long as what it is made of stays the same. */
export class SameParts<Owner extends object, Made> {
  readonly #known = new WeakMap<Owner, { readonly parts: readonly unknown[]; readonly made: Made }>()

  /** Returns what `make` returns, or what it returned before if each of the parts is the same. */
  of(owner: Owner, parts: readonly unknown[], make: () => Made): Made {
    const known = this.#known.get(owner)
    const isSame = known?.parts.length === parts.length && known.parts.every((part, at) => part === parts[at])
    if (isSame) return known.made
    const made = make()
    this.#known.set(owner, { parts, made })
    return made
  }
}
