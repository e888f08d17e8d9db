/**
 * Returns the text of a `wrangler.toml` in which a variable has a value: in place of the line that sets it, or as a new
 * first line of the table of variables, which is added at the end if there is none.
 *
 * @param environment the environment whose variable it is; undefined for the top level
 */
export function withVariable(
  toml: string,
  environment: string | undefined,
  name: string,
  value: string,
): string {
  const header = environment === undefined ? '[vars]' : `[env.${environment}.vars]`
  const line = `${name} = ${JSON.stringify(value)}`
  const lines = toml.split('\n')
  const start = lines.findIndex((one) => one.trim() === header)
  if (start === -1) return `${toml.replace(/\n*$/, '\n')}\n${header}\n${line}\n`
  const length = lines.slice(start + 1).findIndex((one) => one.trim().startsWith('['))
  const end = length === -1 ? lines.length : start + 1 + length
  const at = lines.findIndex(
    (one, index) => index > start && index < end && new RegExp(`^\\s*${name}\\s*=`).test(one),
  )
  return (at === -1 ? lines.toSpliced(start + 1, 0, line) : lines.with(at, line)).join('\n')
}

/**
 * Returns the text of a `wrangler.toml` in which a KV binding has an id; undefined if no table of the file has the
 * binding, so that it is written in another way.
 *
 * @param environment the environment whose binding it is; undefined for the top level
 */
export function withNamespaceId(
  toml: string,
  environment: string | undefined,
  binding: string,
  id: string,
): string | undefined {
  const header = `[[${environment === undefined ? '' : `env.${environment}.`}kv_namespaces]]`
  const lines = toml.split('\n')
  const names = new RegExp(`^\\s*binding\\s*=\\s*"${binding}"`)
  let within = false
  for (const [index, line] of lines.entries()) {
    if (line.trim().startsWith('[')) within = line.trim() === header
    else if (within && names.test(line)) return lines.toSpliced(index + 1, 0, `id = "${id}"`).join('\n')
  }
  return undefined
}
