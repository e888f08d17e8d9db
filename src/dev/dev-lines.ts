import { explain, type Facts, isReason } from '../errors/reasons.ts'
import { isJsonObject, type JsonObject } from '../util/json.ts'

/** What wrangler itself writes of each request, of which the server has a line of its own. */
const WRANGLERS = /^\[(?:wrangler|mf):info\] [A-Z]+ \S+ \d{3}\b.*\(\d+ms\)/

const ESCAPE = String.fromCharCode(27)
const COLOURS = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g')

/** What a terminal might obey instead of showing it. A stranger may have sent it. */
const UNSHOWN = /\p{C}/gu

/** The fields of a line that come first, or are told in words. */
const TOLD: ReadonlySet<string> = new Set(
  'kind request_id method route status client_id duration_ms error reason facts why level event'.split(' '),
)

/** How a development server shows what its server writes. */
export interface Shown {
  /** Whether lines of the log stay JSON. */
  readonly json: boolean
  readonly colours: boolean
}

/**
 * Returns a line of a development server's output as its terminal shows it; null if it is not shown. A request is one
 * line; a refused one is red, with its reason and what to do.
 */
export function shownLine(line: string, { json, colours }: Shown): string | null {
  if (WRANGLERS.test(line.replace(COLOURS, ''))) return null
  const fields = json ? undefined : logged(line)
  if (fields === undefined) return line
  const { text, colour } = fields['kind'] === 'request' ? ofRequest(fields) : ofEvent(fields)
  const plain = text.replace(UNSHOWN, '?')
  return colours && colour !== '' ? `${ESCAPE}[${colour}m${plain}${ESCAPE}[0m` : plain
}

/** Whether a line tells of a request, or of what a request did. */
export const isOfRequest = (line: string): boolean => {
  const kind = logged(line)?.['kind']
  return kind === 'request' || kind === 'audit'
}

const RED = '31'
const YELLOW = '33'
const DIM = '2'

/** Returns the fields of a line of the log; `undefined` for other lines. */
function logged(line: string): JsonObject | undefined {
  if (!line.startsWith('{"kind":')) return undefined
  try {
    const read: unknown = JSON.parse(line)
    return isJsonObject(read) ? read : undefined
  } catch {
    return undefined
  }
}

interface Told {
  readonly text: string
  readonly colour: string
}

function ofRequest(line: JsonObject): Told {
  const { method, route, status, client_id: client, duration_ms: duration } = line
  const reason = String(line['reason'] ?? '')
  const by = client === null || client === undefined ? '' : `  client=${client}`
  const head = `${String(method).padEnd(6)} ${route} ${status}`
  if (reason === '') return { text: `  ${head}${by}${rest(line)}  ${duration} ms`, colour: '' }
  const words = isReason(reason) ? explain(reason, factsIn(line)) : { text: '', fix: '' }
  const why = `${line['error']}: ${reason}. ${words.text} ${words.fix}`.trim()
  return { text: `✗ ${head}${by}  ${why}  [${line['request_id']}]`, colour: RED }
}

function ofEvent(line: JsonObject): Told {
  const { kind, event, level, client_id: client } = line
  const by = client === null || client === undefined ? '' : `  client=${client}`
  const colour = level === 'alert' ? RED : level === 'warning' ? YELLOW : DIM
  return { text: `· ${event ?? kind}${by}${rest(line)}`, colour }
}

/** The other fields of a line, by name. */
const rest = (line: JsonObject): string =>
  Object.entries(line)
    .filter(([name]) => !TOLD.has(name))
    .map(([name, value]) => `  ${name}=${[value].flat().join(',')}`)
    .join('')

/** The facts of a line, which has each as `name=value`. */
const factsIn = ({ facts }: JsonObject): Facts =>
  Object.fromEntries(
    [facts ?? []].flat().map((fact) => {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(String(fact)) ?? []
      return [name, value]
    }),
  )
