import { expect, test } from 'vitest'
import { startCluster } from '../src/index.ts'

/** A day in which everything happens that may happen to a cluster. */
async function eventfulDay(seed: number): Promise<{ hash: string; answers: string }> {
  const cluster = await startCluster({ seed, brokers: 2, brokerSettings: { flushDiskType: 'SYNC_FLUSH' } })
  const answers: string[] = []
  const { random } = cluster.simulation
  const note = (answer: unknown): void => void answers.push(JSON.stringify(answer))
  const attempt = (work: Promise<unknown>): Promise<void> => work.then(note, (error: Error) => note(error.message))
  const [one, two] = cluster.brokers.map((broker) => cluster.client.broker(broker))
  for (const broker of [one!, two!]) await broker.createTopic('T', 2)
  for (let step = 0; step < 30; step++) {
    const broker = random.pick([one!, two!])
    const queueId = random.below(2)
    await Promise.all([
      attempt(
        broker.send({ topic: 'T', queueId, body: 'x'.repeat(random.below(5000)), properties: { KEYS: `k${step}` } }),
      ),
      attempt(broker.send({ topic: 'T', queueId, body: 'later', properties: { DELAY: '1' } })),
      attempt(broker.pull({ topic: 'T', queueId, waitMs: 50, group: 'G', commitOffset: 1 })),
    ])
    if (step === 8) cluster.brokers[0]!.powerLoss()
    if (step === 10) await cluster.brokers[0]!.start()
    if (step === 12) cluster.network.partition(cluster.client.host, cluster.brokers[1]!.host)
    if (step === 14) cluster.network.heal()
    if (step === 16) cluster.brokers[1]!.pause()
    if (step === 18) cluster.brokers[1]!.resume()
    if (step === 20) await cluster.nameServers[0]!.restart()
    if (step === 22) await cluster.brokers[1]!.restart()
    if (step === 24) cluster.brokers[0]!.jumpClock(60_000)
    if (step === 26) await cluster.brokers[0]!.stop()
    if (step === 27) await cluster.brokers[0]!.start()
  }
  await cluster.sleep(60_000)
  for (const broker of [one!, two!]) for (const queueId of [0, 1]) note(await broker.readQueue('T', queueId))
  return { hash: cluster.hash, answers: answers.join('\n') }
}

test('the same seed gives the same run to the last byte, and another seed another one', async () => {
  const [first, again, other] = [await eventfulDay(7), await eventfulDay(7), await eventfulDay(8)]
  expect(again.answers).toBe(first.answers)
  expect(again.hash).toBe(first.hash)
  expect(other.hash).not.toBe(first.hash)
})
