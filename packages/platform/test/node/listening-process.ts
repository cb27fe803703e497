/** Listens, answers the first bytes of each connection with a greeting, and tells on its output what the listener says. */
import { nodeNetwork } from '../../src/node/node-network.ts'

const { address } = await nodeNetwork.listen({
  host: '127.0.0.1',
  port: 0,
  onConnection(connection) {
    connection.onData(() => {
      connection.write(Buffer.from('hello'))
      connection.end()
    })
  },
  onError: (error) => void process.stdout.write(`${(error as NodeJS.ErrnoException).code}\n`),
})
process.stdout.write(`${address.port}\n`)
