/** What is used of the library, which is installed only where it is measured. */
declare module '@cloudflare/workers-oauth-provider' {
  export interface OAuthHelpers {
    parseAuthRequest(request: Request): Promise<{ readonly scope: string[] }>
    completeAuthorization(options: object): Promise<{ readonly redirectTo: string }>
    createClient(client: object): Promise<{ readonly clientId: string; readonly clientSecret?: string }>
  }
  export class OAuthProvider<Env> {
    constructor(options: object)
    fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response>
  }
}
