export async function open({ address, topic, load }) {
  const { connect } = (await load('nats')).default
  const connection = await connect({ servers: address })
  const manager = await connection.jetstreamManager()
  await manager.streams.add({ name: topic, subjects: [topic], storage: 'file' })
  const stream = connection.jetstream()
  let messages
  return {
    send: (body) => stream.publish(topic, body),
    // JetStream takes each message for itself: a batch is many on their way at once.
    sendBatch: (bodies) => Promise.all(bodies.map((body) => stream.publish(topic, body))),
    async consume(handle) {
      await manager.consumers.add(topic, { durable_name: 'readers', ack_policy: 'explicit' })
      const consumer = await stream.consumers.get(topic, 'readers')
      messages = await consumer.consume({ max_messages: 1000 })
      void (async () => {
        for await (const message of messages) {
          handle(Buffer.from(message.data))
          message.ack()
        }
      })()
    },
    async close() {
      await messages?.close()
      await connection.close()
    },
  }
}
