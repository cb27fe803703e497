import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Everything is used and closed; then nothing may keep the process alive. */
const program = `
  import { Admin, Consumer, Producer, Reader } from '@rocketmq-ts/client'
  import { startRocketMQ } from '@rocketmq-ts/testing'

  const mq = await startRocketMQ()
  const { nameServers } = mq
  await mq.topic('T', { queues: 2 })
  const producer = new Producer({ nameServers, group: 'shop', batching: true })
  const handled = Promise.withResolvers()
  const consumer = new Consumer({ nameServers, group: 'g', topics: 'T', from: 'earliest', order: 'queue', handler: () => handled.resolve() })
  await consumer.start()
  await producer.send({ topic: 'T', body: 'x' })
  await handled.promise
  const reader = new Reader({ nameServers, topic: 'T' })
  for await (const message of reader) if (String(message.body) === 'x') break
  const admin = new Admin({ nameServers })
  await admin.topics()
  if (process.argv[1] === 'killed') await mq.kill()
  await Promise.all([producer.close(), consumer.close(), reader.close(), admin.close()])
  await mq.close()
  console.log('closed')
`

/** The exit code of the program, and what it said; it is killed when it does not end. */
function run(argument: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, argument], {
    cwd: root,
    timeout: 120_000,
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((resolve) => void child.on('close', (code) => resolve({ code, output })))
}

describe('a process that has closed everything', () => {
  test('ends by itself', async () => {
    expect(await run('')).toEqual({ code: 0, output: 'closed\n' })
  })

  test('ends by itself when the broker was gone before', async () => {
    expect(await run('killed')).toEqual({ code: 0, output: 'closed\n' })
  })
})
