export async function open({ address, topic, load }) {
  const { Admin, Consumer, Producer } = await load('@platformatic/kafka')
  const common = { clientId: 'bench', bootstrapBrokers: [address] }
  const admin = new Admin(common)
  await admin.createTopics({ topics: [topic], partitions: 4, replicas: 1 })
  await admin.close()
  const producer = new Producer(common)
  let consumer
  let stream
  return {
    send: (value) => producer.send({ messages: [{ topic, value }], acks: 1 }),
    sendBatch: (values) => producer.send({ messages: values.map((value) => ({ topic, value })), acks: 1 }),
    async consume(handle) {
      consumer = new Consumer({ ...common, groupId: `${topic}-readers` })
      stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: true, maxWaitTime: 100 })
      stream.on('data', ({ value }) => handle(value))
    },
    async close() {
      await stream?.close()
      await Promise.all([producer.close(), consumer?.close(true)])
    },
  }
}
