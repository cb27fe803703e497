export async function open({ address, topic, load }) {
  const { Kafka, logLevel } = (await load('kafkajs')).default
  const kafka = new Kafka({ clientId: 'bench', brokers: [address], logLevel: logLevel.ERROR })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 4, replicationFactor: 1 }], waitForLeaders: true })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  let consumer
  return {
    send: (value) => producer.send({ topic, acks: 1, messages: [{ value }] }),
    sendBatch: (values) => producer.send({ topic, acks: 1, messages: values.map((value) => ({ value })) }),
    async consume(handle) {
      consumer = kafka.consumer({ groupId: `${topic}-readers`, maxWaitTimeInMs: 100 })
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
      await consumer.run({ eachMessage: async ({ message }) => handle(message.value) })
      await joined
    },
    close: () => Promise.all([producer.disconnect(), consumer?.disconnect()]),
  }
}
