import { LiteConsumer } from '@rocketmq-ts/client'
import { describe, expect, test } from 'vitest'
import { expectGolden, hostOf, open, run, startCluster } from './cli-kit.ts'

describe('commands of lite topics', () => {
  test('make topics and groups, send, consume, and show how far groups are', async () => {
    const mq = await startCluster({ enableLmq: 'true' })
    await expectGolden('lite', hostOf(mq), [
      'lite list',
      'topic create chat --queues 1 --type lite --lite-expiration 7d',
      'topic change chat --lite-expiration never --json',
      'group create sessions --lite-of chat --lite-exclusive true --lite-subscriptions 50',
      'group change sessions --lite-wildcard false',
      'group show sessions --json',
      'produce chat one two three --lite-topic a',
      'produce chat other --lite-topic b',
      'produce chat "is of none"',
      'produce chat x --lite-topic "a b"',
      'lite list',
      'lite list --json',
      'lite show chat a',
      'lite show chat nothing --json',
      'lite lag sessions',
      'consume chat --group sessions --lite-topic a --count 2 --format "%l %v %a\\n"',
      'lite lag sessions',
      'lite lag sessions a --json',
      'lite subscriptions sessions',
      'lite subscriptions sessions --json',
      'lite subscriptions sessions nobody',
      'lite trigger sessions',
      'lite trigger sessions --client nobody --json',
      'consume chat --exit --lite-topic b --format "%l %v\\n"',
      'consume chat --group sessions --lite-topic a --filter x',
      'consume chat --group sessions --lite-topic a --from earliest',
      'lite show nothing a',
      'lite show chat "a b"',
      'lite lag nobody',
      'group create plain',
      'lite lag plain',
      'lite subscriptions plain',
      'topic create T --lite-expiration 1h',
      'topic create T --type lite --lite-expiration 90s',
      'topic create T --type odd',
    ])
  })

  test('show what members subscribe to', async () => {
    const mq = await startCluster({ enableLmq: 'true' })
    const host = hostOf(mq)
    await run(host, 'topic', 'create', 'chat', '--queues', '1', '--type', 'lite')
    await run(host, 'group', 'create', 'sessions', '--lite-of', 'chat')
    const options = { group: 'sessions', topic: 'chat', liteTopics: ['b', 'a'], handler: () => {} }
    const consumer = open(new LiteConsumer({ nameServers: mq.nameServers, ...options }))
    await consumer.start()
    const shown = JSON.parse((await run(host, 'lite', 'subscriptions', 'sessions', '--json')).stdout)
    expect(shown).toMatchObject([{ clientId: consumer.clientId, count: 2, liteTopics: ['a', 'b'] }])
    const details = JSON.parse((await run(host, 'lite', 'show', 'chat', 'a', '--json')).stdout)
    expect(details.subscribers).toEqual([{ clientId: consumer.clientId, group: 'sessions' }])
  })
})
