/** How many connections the platform allows one request. A further one would wait while its own time limit runs. */
const MAX_CONCURRENT = 6

/** Calls `ask` for every item, in batches. Returns the outcomes in order. Throws what the first failing call throws. */
export async function mapConcurrent<Item, Outcome>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (let at = 0; at < items.length; at += MAX_CONCURRENT)
    outcomes.push(...(await Promise.all(items.slice(at, at + MAX_CONCURRENT).map(ask))))
  return outcomes
}
