type Params = Readonly<Record<string, unknown>>

/** A connection to workerd's inspector (Chrome DevTools Protocol). */
export class Inspector {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  #calls = 0
  /** Is told of every event. */
  observe: (method: string, params: Params) => void = () => {}

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const told: { id?: number; result?: unknown; method?: string; params?: Params } = JSON.parse(
        String(data),
      )
      if (told.id !== undefined) {
        this.#waiting.get(told.id)?.(told.result)
        this.#waiting.delete(told.id)
      } else if (told.method !== undefined) this.observe(told.method, told.params ?? {})
    })
  }

  /** Connects to a Worker behind a port: one whose name ends so. */
  static async open(port: number, name = 'ladon'): Promise<Inspector> {
    const names = await Inspector.workers(port)
    const worker = names.find((one) => one.endsWith(name))
    if (worker === undefined) throw new Error(`The inspector has no Worker ${name}: ${names}`)
    const url = `ws://127.0.0.1:${port}/${worker}`
    const socket = new WebSocket(url)
    await new Promise((done, failed) => {
      socket.addEventListener('open', done)
      socket.addEventListener('error', failed)
    })
    return new Inspector(socket)
  }

  /** The names of all Workers behind a port, those of the simulators of D1 and KV among them. */
  static async workers(port: number): Promise<readonly string[]> {
    const targets: unknown = await (await fetch(`http://127.0.0.1:${port}/json`)).json()
    return Array.isArray(targets) ? targets.map((target) => String(target.id)) : []
  }

  call(method: string, params: Params = {}): Promise<unknown> {
    this.#calls += 1
    const id = this.#calls
    this.#socket.send(JSON.stringify({ id, method, params }))
    return new Promise((done) => {
      this.#waiting.set(id, done)
    })
  }

  close(): void {
    this.#socket.close()
  }
}
