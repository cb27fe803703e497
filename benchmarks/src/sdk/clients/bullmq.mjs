export async function open({ address, topic, load }) {
  const { Queue, Worker } = (await load('bullmq')).default
  const [host, port] = address.split(':')
  const connection = { host, port: Number(port) }
  const queue = new Queue(topic, { connection, defaultJobOptions: { removeOnComplete: true } })
  await queue.waitUntilReady()
  let worker
  // Jobs are JSON: bodies go as text.
  const job = (body) => ({ name: 'm', data: body.toString('latin1') })
  return {
    send: (body) => queue.add('m', job(body).data),
    sendBatch: (bodies) => queue.addBulk(bodies.map(job)),
    async consume(handle) {
      worker = new Worker(topic, async ({ data }) => handle(Buffer.from(data, 'latin1')), {
        connection,
        concurrency: 64,
      })
      await worker.waitUntilReady()
    },
    async close() {
      await worker?.close()
      await queue.close()
    },
  }
}
