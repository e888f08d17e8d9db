/** A node of a tree of sequences. */
interface Node<Mark> {
  readonly children: Map<string, Node<Mark>>
  /** What ends here. */
  readonly marks: Set<Mark>
}

/**
 * Sequences of words by their beginnings, so that asking what a sequence begins with costs its length, however many are
 * in the tree.
 */
export class PrefixTree<Mark> {
  readonly #root: Node<Mark> = { children: new Map(), marks: new Set() }

  /** Puts a sequence into the tree, with a mark at its end. */
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
   * Whether a sequence that was added is the beginning of another, or all of it, and a test holds of its mark.
   *
   * @param any - a word of the tree that stands for every word but the empty one
   * @param test - asked with the mark, and the number of words that are left
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
