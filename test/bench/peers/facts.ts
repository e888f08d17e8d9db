/** What the peers and the bench agree on. */
export const ISSUER = 'https://peer.bench.example'
export const APP = 'bench-app'
export const MACHINE = 'bench-machine'
export const SECRET = 'bench-secret-of-32-characters-ok'

/** Resources whose access tokens are JWTs, by the algorithm that signs them. */
export const RESOURCES = {
  es256: 'https://es256.bench.example',
  rs256: 'https://rs256.bench.example',
} as const
