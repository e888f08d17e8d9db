/* Answers everything with the same bytes: less than any server does, so that what the generator can send is known. */
import { createServer } from 'node:net'
import { READY } from '../serve/plan.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{"done":true}'

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('data', () => socket.write(ANSWER))
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  process.stdout.write(`${READY}${JSON.stringify({ port })}\n`)
})
