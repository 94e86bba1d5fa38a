// A terminal: node terminal.mjs URL USERNAME PASSWORD STATE_FILE (needs socket.io-client)
//
// Prints what it hears, a JSON document a line. Reads commands from its input in the same way, as
// {"verb": "sign", "task": 7, "data": {}}. Killed at any moment, it goes on where it stopped.
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { io } from 'socket.io-client'

const [url, username, password, file] = process.argv.slice(2)
const state = { cursor: { epoch: '', seq: 0 }, outbox: [] } // who has nothing gets a snapshot
if (existsSync(file)) Object.assign(state, JSON.parse(readFileSync(file, 'utf8')))
const now = () => new Date().toISOString()

// Whole or not at all: beside it first, then in its place.
function keep(changes) {
  Object.assign(state, changes)
  writeFileSync(`${file}.new`, JSON.stringify(state))
  renameSync(`${file}.new`, file)
}

const answer = await fetch(`${url}/api/v1/sessions`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ username, password, device: 'example' }),
})
const { token } = await answer.json()
const socket = io(`${url}/terminal`, {
  transports: ['websocket'],
  // Asked at every connect.
  auth: (give) => give({ token, device_time: now(), ...state.cursor }),
})

// The same id is the same command, however often it comes.
function send(command) {
  if (!socket.connected) return
  socket.emit('command', command, (data) => {
    if (['database.down', 'server.error'].includes(data.code)) return // those come again
    keep({ outbox: state.outbox.filter((each) => each.id !== command.id) })
    console.log(JSON.stringify({ event: 'answer', data }))
  })
}

socket.on('ready', (data) => {
  console.log(JSON.stringify({ event: 'ready', data }))
  state.outbox.forEach(send)
})
socket.on('resync', (data) => {
  const { epoch, seq } = data // hold data.snapshot, and nothing of what was before
  keep({ cursor: { epoch, seq } })
  console.log(JSON.stringify({ event: 'resync', data }))
})
socket.on('message', (data) => {
  if (data.seq <= state.cursor.seq) return // delivery is at least once: we have it
  keep({ cursor: { ...state.cursor, seq: data.seq } })
  console.log(JSON.stringify({ event: 'message', data }))
  socket.emit('ack', { seq: data.seq })
})

for await (const line of createInterface({ input: process.stdin })) {
  const command = { id: randomUUID(), occurred_at: now(), ...JSON.parse(line) }
  keep({ outbox: [...state.outbox, command] }) // kept before it is sent
  send(command)
}
