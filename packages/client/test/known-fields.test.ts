import { describe, expect, test } from 'vitest'
import { Admin, Consumer, Producer, Reader, RocketMQError } from '../src/index.ts'
import { startScene } from './client-kit.ts'

/** What JavaScript may give, and TypeScript does not allow. */
function untyped(given: object): never {
  return given as never
}

describe('a field that nobody knows', () => {
  test('of a message is refused with the one that was meant, and nothing is stored', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const refused = { code: 'INVALID_ARGUMENT', message: 'a message has no field delay: did you mean delayMs?' }
    const message = untyped({ topic: 'T', body: 'a', delay: '1h' })
    expect(await scene.failure(producer.send(message))).toMatchObject(refused)
    expect(await scene.failure(producer.send([{ topic: 'T', body: 'b' }, message]))).toMatchObject(refused)
    expect(await scene.failure(producer.sendOneWay(message))).toMatchObject(refused)
    expect(await scene.failure(producer.request(message))).toMatchObject(refused)
    await scene.settle(producer.send(untyped({ topic: 'T', body: 'c', delay: undefined })))
    expect(await scene.bodies('T')).toEqual(['c'])
    await scene.settle(producer.close())
  })

  test.each<[string, (given: object) => unknown, object, string]>([
    [
      'a producer',
      (given) => new Producer(untyped(given)),
      { group: 'g', idempotant: true },
      'did you mean idempotent?',
    ],
    [
      'batching',
      (batching) => new Producer({ nameServers: 'localhost', group: 'g', batching }),
      { linger: 5 },
      'did you mean lingerMs?',
    ],
    ['a consumer', (given) => new Consumer(untyped(given)), { concurency: 5 }, 'did you mean concurrency?'],
    ['a reader', (given) => new Reader(untyped(given)), { topics: 'T' }, 'did you mean topic?'],
    ['an admin', (given) => new Admin(untyped(given)), { nameserver: 'localhost' }, 'did you mean nameServers?'],
    [
      'tls',
      (tls) => new Admin({ nameServers: 'localhost', tls }),
      { verifyserver: false },
      'did you mean verifyServer?',
    ],
    [
      'credentials',
      (given) => new Admin({ nameServers: 'localhost', credentials: untyped(given) }),
      { accessKey: 'a', secretkey: 'b' },
      'did you mean secretKey?',
    ],
  ])('of %s is refused with the one that was meant', (what, make, given, hint) => {
    let failure: unknown
    try {
      make(given)
    } catch (error) {
      failure = error
    }
    expect(failure).toBeInstanceOf(RocketMQError)
    const name = Object.keys(given).at(-1)
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', message: `${what} has no field ${name}: ${hint}` })
  })

  test('of the options of a call is refused with the one that was meant, and nothing is done', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', checkTransaction: () => 'commit' })
    const admin = new Admin(scene.client())
    const reader = new Reader({ ...scene.client(), topic: 'T' })
    const call = untyped({ timeout: 5 })
    const message = { topic: 'T', body: 'a' }
    const calls: [made: Promise<unknown>, hint: string][] = [
      [producer.send(message, call), 'did you mean timeoutMs?'],
      [producer.beginTransaction(message, call), 'did you mean timeoutMs?'],
      [producer.sendStream([message], untyped({ concurency: 5 })).next(), 'concurency'],
      [admin.topics(call), 'did you mean timeoutMs?'],
      [admin.resetOffsets('G', 'T', 'earliest', untyped({ dryrun: true })), 'did you mean dryRun?'],
      [admin.messagesByKey('T', 'k', untyped({ limits: 1 })), 'did you mean limit?'],
      [reader.lag(call), 'did you mean timeoutMs?'],
    ]
    for (const [made, hint] of calls) {
      expect(await scene.failure(made)).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(new RegExp(`^a call has no field .*${hint.replace('?', '\\?')}`)),
      })
    }
    expect(await scene.bodies('T')).toEqual([])
    await scene.settle(Promise.all([producer.close(), admin.close(), reader.close()]))
  })

  test('of the settings of a topic or a group is refused, and none is made', async () => {
    const scene = await startScene()
    const admin = new Admin(scene.client())
    const ofTopic = await scene.failure(admin.createTopic('T', untyped({ queue: 8 })))
    expect(ofTopic).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('did you mean queues?'),
    })
    const ofGroup = await scene.failure(admin.createGroup('G', untyped({ retries: 3 })))
    expect(ofGroup).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('a group has no field'),
    })
    expect(await scene.settle(admin.topics())).not.toContain('T')
    expect(await scene.settle(admin.groups())).not.toContain('G')
    await scene.settle(admin.close())
  })

  test('that is like no other is refused with all that there are', async () => {
    const scene = await startScene()
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const failure = await scene.failure(producer.send(untyped({ topic: 'T', body: 'a', ['x'.repeat(10_000)]: 1 })))
    expect(failure.message).toContain('there are topic, body, tag, keys')
    await scene.settle(producer.close())
  })
})
