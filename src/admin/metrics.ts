import { version } from '../../package.json'

/**
 * Prometheus metrics (contract 1.1): the build, so that a scraper sees the server is up. A Worker has no process to
 * count in; rates and latencies are in the platform's own analytics and the request log.
 */
export function metrics(): Response {
  const lines = ['# TYPE ladon_build_info gauge', `ladon_build_info{version="v${version}"} 1`, '']
  return new Response(lines.join('\n'), { headers: { 'content-type': 'text/plain; version=0.0.4' } })
}
