/**
 * SQL for the columns of a table, which are named in snake case there and in camel case in code.
 * @param names - as in code, and in the order of `written`
 */
export function columnsOf<const Name extends string>(names: readonly Name[]) {
  const columns = names.map((name) => `"${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}"`)
  return {
    /** For a SELECT, which gives them their names in code. */
    selected: columns.map((column, at) => `${column} AS "${names[at]}"`).join(),
    /** For an INSERT or UPDATE. */
    written: columns.join(),
    /** As many parameters. */
    parameters: columns.map(() => '?').join(),
    /** What to bind to those. */
    values: <Value>(row: Readonly<Record<Name, Value>>): Value[] => names.map((name) => row[name]),
  }
}
