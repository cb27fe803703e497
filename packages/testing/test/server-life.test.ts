import { nodeClock, nodeNetwork } from '@rocketmq-ts/platform'
import { expect, test } from 'vitest'
import { ServerLife } from '../src/server-life.ts'

test('a connection that opens after the end of a life is gone at once, and nobody gets it', async () => {
  const closed = Promise.withResolvers<void>()
  const listener = await nodeNetwork.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (connection) => {
      connection.onData(() => {})
      connection.onClose(() => closed.resolve())
    },
  })
  try {
    const life = new ServerLife(nodeClock)
    let isGiven = false
    void life.network.connect(listener.address, 5000).then(() => {
      isGiven = true
    })
    await life.end()
    await closed.promise
    expect(isGiven).toBe(false)
  } finally {
    await listener.close()
  }
})
