// What a program does with the SDK, on whatever runs it. Arguments: the name servers.
import { Admin, Consumer, Producer, Reader } from '@rocketmq-ts/client'

const nameServers = process.argv[2]
const topic = `smoke-${process.argv[3]}`
const admin = new Admin({ nameServers })
await admin.createTopic(topic)
const producer = new Producer({ nameServers, group: 'smoke', batching: true, checkTransaction: () => 'commit' })
await Promise.all([1, 2, 3].map((number) => producer.send({ topic, body: `message ${number}` })))
await producer.send({ topic, body: 'compressed '.repeat(1000) })
const transaction = await producer.beginTransaction({ topic, body: 'committed' })
await transaction.commit()

let handled = 0
const done = Promise.withResolvers()
const consumer = new Consumer({
  nameServers,
  group: topic,
  topics: topic,
  from: 'earliest',
  handler: () => {
    if (++handled === 5) done.resolve()
  },
})
await consumer.start()
await done.promise

let read = 0
const reader = new Reader({ nameServers, topic, to: 'latest' })
for await (const { body } of reader) if (body.length > 0) read++

const aborted = new AbortController()
aborted.abort()
const { code } = await producer.send({ topic, body: 'never' }, { signal: aborted.signal }).catch((error) => error)
await Promise.all([producer.close(), consumer.close(), reader.close(), admin.close()])
// Nothing may keep the process alive now.
console.log(`handled ${handled}, read ${read}, ${code}`)
