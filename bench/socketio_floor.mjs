// The floor of bench/terminals.py: Node's socket.io as its manual shows it, and `POST /emit`.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const DATA = { task: { id: 1, text: 'x'.repeat(900) } }

const http = createServer((request, response) => {
  if (request.method === 'POST') {
    io.of('/terminal').emit('message', { type: 'task.changed', data: DATA })
  }
  response.end()
})
const io = new Server(http, { transports: ['websocket'], serveClient: false })
io.of('/terminal').on('connection', () => {})
http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 })
