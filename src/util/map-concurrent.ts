/** Connections that the platform gives one request: a further one would wait for slow others while its own time runs. */
const AT_ONCE = 6

/** Asks others, few at a time; the outcomes in order. Throws what the first that fails throws. */
export async function mapConcurrent<Item, Outcome>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (let at = 0; at < items.length; at += AT_ONCE)
    outcomes.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(ask))))
  return outcomes
}
