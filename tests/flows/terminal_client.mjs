// A terminal by the browsers' client library: prints what it hears, acknowledges every message,
// and ends well when it has the last one. node terminal_client.mjs URL TOKEN WEB_FOLDER LAST_SEQ
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [url, token, web, last] = process.argv.slice(2)
const { io } = createRequire(join(web, 'package.json'))('socket.io-client')
const cursor = {}

const socket = io(`${url}/terminal`, {
  transports: ['websocket'],
  reconnectionDelay: 100,
  reconnectionDelayMax: 500,
  auth: (give) => give({ token, ...cursor }),
})

socket.onAny((name, data) => {
  console.log(JSON.stringify({ name, data }))
  if (name === 'ready') cursor.epoch = data.epoch
  if (name !== 'message') return
  cursor.seq = data.seq
  socket.emit('ack', { seq: data.seq }, (answer) => {
    if (answer.status !== 'done') process.exit(1)
    if (data.seq === Number(last)) process.exit(0)
  })
})
