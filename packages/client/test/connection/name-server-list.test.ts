import type { Log, Lookup } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { Deadline } from '../../src/calls/deadline.ts'
import { NameServerList, parseNameServers } from '../../src/connection/name-server-list.ts'
import { Admin, Producer, RocketMQError } from '../../src/index.ts'
import { clientMachine, startScene } from '../client-kit.ts'

const url = 'http://lists:8080/rocketmq/nsaddr'

/** A list whose look-ups give what a test says. */
function scene(nameServers: string, answers: { text?: string | Error; addresses?: string[] | Error | Promise<never> }) {
  const clock = new SteppedClock()
  const warned: string[] = []
  const log: Log = { debug() {}, info() {}, warn: (_, message) => void warned.push(message), error() {} }
  let lookUps = 0
  const answer = <Value>(value: Value | Promise<Value> | Error | undefined): Promise<Value> => {
    lookUps++
    return value instanceof Error || value === undefined ? Promise.reject(value) : Promise.resolve(value)
  }
  const lookup: Lookup = { addressesOf: () => answer(answers.addresses), textAt: () => answer(answers.text) }
  const list = new NameServerList({ given: parseNameServers(nameServers), lookup, clock, log, timeoutMs: 1000 })
  const current = () => list.current(new Deadline(clock, {}, 5000))
  return { clock, list, current, answers, warned, lookUps: () => lookUps }
}

/** What was begun in the background has ended. */
async function backgroundEnded(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('name servers that a URL gives', () => {
  test('are those of its text, and are looked up again after two minutes without anybody waiting', async () => {
    const { clock, current, answers, lookUps } = scene(url, { text: '10.0.0.1:9876;10.0.0.2\n' })
    expect(await current()).toEqual(['10.0.0.1:9876', '10.0.0.2:9876'])
    answers.text = '10.0.0.3:9876'
    clock.advance(119_999)
    expect(await current()).toHaveLength(2)
    expect(lookUps()).toBe(1)
    clock.advance(1)
    expect(await current()).toHaveLength(2)
    await backgroundEnded()
    expect(await current()).toEqual(['10.0.0.3:9876'])
    expect(lookUps()).toBe(2)
  })

  test('stay while the URL gives none', async () => {
    const { clock, current, answers, warned } = scene(url, { text: '10.0.0.1:9876' })
    await current()
    for (const text of [new Error('gone'), '', ' ; ', 'no address at all']) {
      answers.text = text
      clock.advance(120_000)
      await current()
      await backgroundEnded()
      expect(await current()).toEqual(['10.0.0.1:9876'])
    }
    expect(warned).toHaveLength(4)
  })

  test('are not taken from a page of one word, nor told by a whole page', async () => {
    const { clock, current, answers, warned } = scene(url, { text: 'names:9876' })
    await current()
    const page = `<html>${'x'.repeat(60_000)}</html>`
    for (const text of ['OK', 'Unavailable\n', page]) {
      answers.text = text
      clock.advance(120_000)
      await current()
      await backgroundEnded()
      expect(await current()).toEqual(['names:9876'])
    }
    expect(warned).toHaveLength(3)
    const failure = await scene(url, { text: page })
      .current()
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ message: expect.stringContaining(url) })
    expect((failure as Error).message.length).toBeLessThan(300)
  })

  test('are looked up again at once when none has answered', async () => {
    const { current, list, answers } = scene(url, { text: '10.0.0.1:9876' })
    await current()
    answers.text = '10.0.0.2:9876'
    list.doubt()
    expect(await current()).toEqual(['10.0.0.2:9876'])
  })

  test('that were never known are an error that may be tried again', async () => {
    const { current } = scene(url, { text: new Error('refused') })
    const failure = await current().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RocketMQError)
    expect(failure).toMatchObject({ code: 'CONNECT_FAILED', retryable: true, message: expect.stringContaining(url) })
  })

  test('are found by a client, also when the URL gives them only later', async () => {
    const cluster = await startScene()
    await cluster.createTopic('T', 1)
    const { runtime } = clientMachine(cluster.cluster)
    let calls = 0
    const textAt = () =>
      ++calls < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(cluster.nameServers.join(';'))
    const lookup: Lookup = { textAt, addressesOf: async (host) => [host] }
    const producer = new Producer({ nameServers: url, group: 'shop', runtime: { ...runtime, lookup } })
    await cluster.settle(producer.send({ topic: 'T', body: 'a' }))
    expect(await cluster.bodies('T')).toEqual(['a'])
    expect(calls).toBe(3)
    await cluster.settle(producer.close())
  })

  test('need a runtime that looks up', async () => {
    const { runtime } = clientMachine((await startScene()).cluster)
    expect(() => new Admin({ nameServers: url, runtime })).toThrow(/lookup/)
  })
})

describe('a name server that is given by name', () => {
  test('stands for all its addresses', async () => {
    const { current, list, answers } = scene('servers:9876', { addresses: ['10.0.0.1', '10.0.0.2'] })
    expect(await current()).toEqual(['10.0.0.1:9876', '10.0.0.2:9876'])
    answers.addresses = ['10.0.0.2', '10.0.0.3', 'fe80::1']
    list.doubt()
    expect(await current()).toEqual(['10.0.0.2:9876', '10.0.0.3:9876', '[fe80::1]:9876'])
  })

  test('is connected to by its name where it is one server, or cannot be looked up', async () => {
    const { current, list, answers } = scene('server:1', { addresses: ['127.0.0.1', '::1'] })
    expect(await current()).toEqual(['server:1'])
    answers.addresses = new Error('ENOTFOUND')
    list.doubt()
    expect(await current()).toEqual(['server:1'])
  })

  test('is connected to by its name when nobody says in time what it stands for', async () => {
    const { clock, current, answers, warned } = scene('10.0.0.1;server:1', {})
    answers.addresses = new Promise(() => {})
    const found = current()
    clock.advance(1000)
    expect(await found).toEqual(['10.0.0.1:9876', 'server:1'])
    expect(warned).toHaveLength(1)
  })

  test('is not looked up when it is an address', async () => {
    const { current, lookUps } = scene('10.0.0.1;[::1]:5', { addresses: new Error('never') })
    expect(await current()).toEqual(['10.0.0.1:9876', '[::1]:5'])
    expect(lookUps()).toBe(0)
  })
})
