/** A node of the tree. */
interface Node<Mark> {
  readonly children: Map<string, Node<Mark>>
  /** The marks of the sequences that end here. */
  readonly marks: Set<Mark>
}

/**
 * A tree of word sequences that finds the prefixes of a sequence. The cost depends on the length of the sequence, not
 * on the number of sequences in the tree.
 */
export class PrefixTree<Mark> {
  readonly #root: Node<Mark> = { children: new Map(), marks: new Set() }

  /** Adds a sequence with a mark. */
  add(words: readonly string[], mark: Mark): void {
    let node = this.#root
    for (const word of words) {
      const next = node.children.get(word) ?? { children: new Map(), marks: new Set() }
      node.children.set(word, next)
      node = next
    }
    node.marks.add(mark)
  }

  /**
   * Whether the tree has a sequence that is a prefix of `words`, or equal to it, and whose mark passes a test.
   *
   * @param test - gets the mark and the number of words after the prefix
   * @param any - a word of the tree that matches every word except the empty one
   */
  covers(words: readonly string[], test: (mark: Mark, left: number) => boolean, any?: string): boolean {
    let nodes = [this.#root]
    for (let at = 0; nodes.length > 0; at += 1) {
      const word = words[at]
      const next: Node<Mark>[] = []
      for (const { marks, children } of nodes) {
        for (const mark of marks) if (test(mark, words.length - at)) return true
        if (word === undefined) continue
        const same = children.get(word)
        if (same !== undefined) next.push(same)
        const open = any === undefined || word === '' || word === any ? undefined : children.get(any)
        if (open !== undefined) next.push(open)
      }
      nodes = next
    }
    return false
  }
}
