import { Admin, Consumer, Producer } from '@rocketmq-ts/client'

export async function open({ address, topic }) {
  const nameServers = address
  const admin = new Admin({ nameServers })
  await admin.createTopic(topic, { queues: 4 })
  await admin.close()
  const producer = new Producer({ nameServers, group: 'bench', batching: true })
  await producer.start()
  let consumer
  return {
    send: (body) => producer.send({ topic, body }),
    sendBatch: (bodies) => producer.send(bodies.map((body) => ({ topic, body }))),
    async consume(handle) {
      consumer = new Consumer({
        nameServers,
        group: `${topic}-readers`,
        topics: topic,
        from: 'earliest',
        concurrency: 64,
        handler: ({ body }) => handle(body),
      })
      await consumer.start()
    },
    close: () => Promise.all([producer.close(), consumer?.close()]),
  }
}
