import { describe, expect, test } from 'vitest'
import {
  Admin,
  Consumer,
  json,
  LiteConsumer,
  LiteSimpleConsumer,
  Producer,
  Reader,
  RocketMQError,
  SimpleConsumer,
} from '../src/index.ts'
import { numbered, send, startScene } from './client-kit.ts'
import { Group } from './consumer/group-kit.ts'
import { sendLite, simple, startLite } from './lite/lite-kit.ts'

/** What JavaScript may give, and TypeScript does not allow. */
function untyped(given: unknown): never {
  return given as never
}

const nameServers = '127.0.0.1:9876'
const common = { nameServers, group: 'g' }
const handler = () => {}

const makers = {
  Producer: (given: object) => new Producer(untyped({ ...common, ...given })),
  Consumer: (given: object) => new Consumer(untyped({ ...common, topics: 'T', handler, ...given })),
  SimpleConsumer: (given: object) => new SimpleConsumer(untyped({ ...common, topics: 'T', ...given })),
  LiteConsumer: (given: object) => new LiteConsumer(untyped({ ...common, topic: 'T', handler, ...given })),
  LiteSimpleConsumer: (given: object) => new LiteSimpleConsumer(untyped({ ...common, topic: 'T', ...given })),
  Reader: (given: object) => new Reader(untyped({ nameServers, topic: 'T', ...given })),
  Admin: (given: object) => new Admin(untyped({ nameServers, ...given })),
}
type Maker = keyof typeof makers

const withCodec: Maker[] = ['Producer', 'Consumer', 'SimpleConsumer', 'LiteConsumer', 'LiteSimpleConsumer', 'Reader']
const withAttempts: Maker[] = ['Consumer', 'SimpleConsumer', 'LiteConsumer', 'LiteSimpleConsumer']
const withHandler: Maker[] = ['Consumer', 'LiteConsumer']

const misuses: [makers: readonly Maker[], given: object, message: RegExp][] = [
  [Object.keys(makers) as Maker[], { nameServers: null }, /no name server is given/],
  [Object.keys(makers) as Maker[], { nameServers: [undefined] }, /no name server is given/],
  // Without its parentheses it would make dead letters of all messages.
  [withCodec, { codec: json }, /codec is none/],
  [withCodec, { codec: null }, /codec is none/],
  [withAttempts, { attemptsMax: 1.5 }, /attemptsMax is 1.5: give a whole number/],
  [withAttempts, { attemptsMax: '3' }, /attemptsMax is 3: give a whole number/],
  [withHandler, { handler: 'console.log' }, /give a handler or a batchHandler/],
  [withHandler, { handler: null }, /give a handler or a batchHandler/],
  [withHandler, { onError: {} }, /onError is .*: give a function/],
  [withHandler, { concurrency: '5' }, /concurrency is 5: give at least 1/],
  [withHandler, { concurrency: Number.NaN }, /concurrency is NaN: give at least 1/],
  [['LiteConsumer', 'LiteSimpleConsumer'], { onUnsubscribed: 'x' }, /onUnsubscribed is x: give a function/],
  [['Producer'], { checkTransaction: {} }, /checkTransaction is .*: give a function/],
  [['SimpleConsumer'], { order: 'queue' }, /order is queue: give true or false/],
  [['Consumer', 'SimpleConsumer'], { topics: null }, /no topic is given/],
  [['Consumer', 'SimpleConsumer'], { topics: { T: 5 } }, /the filter of T is 5/],
  [['Consumer', 'SimpleConsumer'], { topics: { T: { tags: 'a' } } }, /the filter of T is/],
  // A setting that is not there would mean 1970.
  [['Consumer', 'SimpleConsumer', 'Reader'], { from: '' }, /from is : use earliest/],
  [['Consumer', 'SimpleConsumer', 'Reader'], { from: null }, /from is null: use earliest/],
]

describe('what cannot be used is refused when it is given', () => {
  const rows = misuses.flatMap(([names, given, message]) => names.map((name) => ({ name, given, message })))
  test.for(rows)('to a $name: $given', ({ name, given, message }) => {
    let failure: unknown
    try {
      makers[name](given)
    } catch (error) {
      failure = error
    }
    expect(failure).toBeInstanceOf(RocketMQError)
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) })
  })

  test.for([null, 5, 'now'])('to a call: %s', async (given) => {
    const scene = await startScene()
    const consumer = new SimpleConsumer({ ...scene.client(), group: 'g', topics: 'T' })
    const admin = new Admin(scene.client())
    const refused = { code: 'INVALID_ARGUMENT', message: `${given} is given for a call: give an object` }
    expect(await scene.failure(consumer.receive(untyped(given)))).toMatchObject(refused)
    expect(await scene.failure(admin.topics(untyped(given)))).toMatchObject(refused)
    const signal = untyped({ aborted: false })
    expect(await scene.failure(consumer.receive({ signal }))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(Promise.all([consumer.close(), admin.close()]))
  })

  test('to settle: what is no message that was received, such as the first one of none', async () => {
    const scene = await startLite()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['m'])
    await sendLite(scene, 'a', 'm')
    const consumer = new SimpleConsumer({ ...scene.client(), group: 'g', topics: 'T', from: 'earliest' })
    const lite = simple(scene, { liteTopics: ['a'] })
    for (const settles of [consumer, lite]) {
      const [message] = await scene.settle(settles.receive())
      const { receipt, queue } = message!
      for (const given of [undefined, null, 'm', 5, {}, { receipt }, { queue }, { receipt, queue: {} }, [[message]]]) {
        for (const settle of [
          () => settles.ack(untyped(given)),
          () => settles.ack(untyped([message, given])),
          () => settles.changeInvisible(untyped(given), 5000),
          () => settles.deadLetter(untyped(given)),
        ]) {
          const failure = await scene.failure(settle())
          expect(failure).toMatchObject({
            code: 'INVALID_ARGUMENT',
            message: expect.stringContaining('as it was received'),
          })
        }
      }
      await scene.settle(settles.ack(message!))
      await scene.settle(settles.close())
    }
  })
})

test('a message without an end of its attempts is delivered again', async () => {
  const scene = await startScene()
  await scene.createTopic('T', 1)
  await send(scene, 'T', numbered(1))
  const group = new Group(scene)
  const options = {
    topics: 'T',
    attemptsMax: Number.POSITIVE_INFINITY,
    onError: () => ({ kind: 'retry', delayMs: 1000 }) as const,
  }
  const { consumer } = await group.join('one', options, ({ attempt }) => {
    if (attempt < 3) throw new Error('not yet')
  })
  await scene.cluster.until('it is handled', () => group.handled.at(-1)?.attempt === 3, 60_000)
  await scene.settle(consumer.close())
})
