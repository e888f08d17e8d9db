import { version } from '../../package.json'

/** All that one isolate can say truthfully: its own counters would be a random share of the total. */
const TEXT = `# HELP ladon_info The version of this server.
# TYPE ladon_info gauge
ladon_info{version="${version}"} 1
`

/** GET /admin/metrics/prometheus in the text format 0.0.4 (contract 1.1). */
export const metrics = (): Response =>
  new Response(TEXT, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })
