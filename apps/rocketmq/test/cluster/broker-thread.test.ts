import { expect, test } from 'vitest'
import { BrokerThread } from '../../src/cluster/broker-thread.ts'

/** A thread that runs a few lines instead of a broker. */
function threadOf(script: string): BrokerThread {
  const lines = `import { parentPort } from 'node:worker_threads'
    const ready = () => parentPort.postMessage({ kind: 'ready', address: {}, advertised: '127.0.0.1:1' })
    const fail = (message) => parentPort.postMessage({ kind: 'failed', error: { name: 'UserError', message } })
    ${script}`
  const url = new URL(`data:text/javascript,${encodeURIComponent(lines)}`)
  const settings = { properties: new Map<string, string>(), decidedKeys: new Map<string, string>(), log: {} }
  return new BrokerThread({ name: 'broker-a', ...settings, acceptLostMessages: false }, { script: url })
}

test('a thread that is asked to stop has not failed', async () => {
  const thread = threadOf(`ready(); parentPort.once('message', () => process.exit(0))`)
  expect(await thread.ready).toBe('127.0.0.1:1')
  await thread.stop()
  expect(await Promise.race([thread.failed, 'not failed'])).toBe('not failed')
})

test('a thread that cannot start says why, and stopping it is no further error', async () => {
  const thread = threadOf(`fail('port 1 is taken'); process.exit(1)`)
  await expect(thread.ready).rejects.toMatchObject({ name: 'UserError', message: 'port 1 is taken' })
  await thread.stop()
})

test('a thread that crashes after its start has failed, with the cause', async () => {
  const thread = threadOf(`ready(); setImmediate(() => { throw new RangeError('boom') })`)
  await thread.ready
  const failure = await thread.failed
  expect(failure.message).toContain('broker-a crashed')
  expect(failure.cause).toMatchObject({ message: 'boom' })
})

test('a thread that ends by itself has failed', async () => {
  const thread = threadOf('ready(); process.exit(3)')
  expect((await thread.failed).message).toBe('broker-a ended by itself with exit code 3')
})

test('an error while closing is thrown by the one who asked for it', async () => {
  const thread = threadOf(`ready(); parentPort.once('message', () => { fail('disk full'); process.exit(1) })`)
  await thread.ready
  await expect(thread.stop()).rejects.toThrow('disk full')
})
