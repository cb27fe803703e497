import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

// Started by waking-calibration.ts: sends back what it is sent, says its port first, and its processor time so far, in
// microseconds, for each message of its parent.
const server = createServer({ noDelay: true }, (socket) => socket.pipe(socket))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send!((server.address() as AddressInfo).port)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send!(user + system)
})
