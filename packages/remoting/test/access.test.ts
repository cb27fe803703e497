import { commands } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { demandsOf } from '../src/access.ts'
import {
  anyOf,
  cluster,
  type Guard,
  type GuardedRequest,
  get,
  group,
  namedInBody,
  onGroup,
  ownCluster,
  publish,
  serve,
  subscribe,
  topic,
} from '../src/index.ts'
import { startServer, timeoutMs } from './remoting-kit.ts'

const noBody = Buffer.alloc(0)
const lane = { name: 'test', waitingMax: 10 }

test('a demand names the resource in the header and the actions of which one is needed', () => {
  const access = anyOf(['SUB', 'GET'], topic('topic'), group('consumerGroup'))
  expect(demandsOf(access, { topic: 't', consumerGroup: 'g' }, noBody)).toEqual([
    { type: 'topic', name: 't', anyOf: ['SUB', 'GET'] },
    { type: 'group', name: 'g', anyOf: ['SUB', 'GET'] },
  ])
})

test("a group's retry topic demands the group, and sending to it what subscribing demands", () => {
  expect(demandsOf(publish(topic('topic')), { topic: '%RETRY%g' }, noBody)).toEqual([
    { type: 'group', name: 'g', anyOf: ['SUB'] },
  ])
  const route = anyOf(['PUB', 'SUB', 'GET'], topic('topic'))
  expect(demandsOf(route, { topic: '%RETRY%g' }, noBody)).toEqual([{ type: 'group', name: 'g', anyOf: ['SUB', 'GET'] }])
  expect(demandsOf(subscribe(group('group')), { group: '%RETRY%g' }, noBody)).toEqual([
    { type: 'group', name: 'g', anyOf: ['SUB'] },
  ])
  expect(demandsOf(publish(topic('topic')), { topic: '%DLQ%g' }, noBody)).toEqual([
    { type: 'topic', name: '%DLQ%g', anyOf: ['PUB'] },
  ])
})

test('every name of a list is demanded, and an absent optional field demands nothing', () => {
  const access = get(group('consumerGroup'), topic('topic'), topic('topicList', ';'))
  expect(demandsOf(access, { consumerGroup: 'g', topicList: 'a;b;' }, noBody)).toEqual([
    { type: 'group', name: 'g', anyOf: ['GET'] },
    { type: 'topic', name: 'a', anyOf: ['GET'] },
    { type: 'topic', name: 'b', anyOf: ['GET'] },
  ])
})

test("a cluster that is not named is the server's own", () => {
  expect(demandsOf(get(cluster('clusterName')), { clusterName: 'c' }, noBody)).toEqual([
    { type: 'cluster', name: 'c', anyOf: ['GET'] },
  ])
  const own = [{ type: 'cluster', name: undefined, anyOf: ['GET'] }]
  expect(demandsOf(get(cluster('clusterName')), {}, noBody)).toEqual(own)
  expect(demandsOf(get(ownCluster), {}, noBody)).toEqual(own)
})

test('a field that the command does not declare as text does not compile', () => {
  const handler = (): object => ({})
  type Send = typeof commands.sendMessage
  serve<Send>(lane, publish(topic('topic')), handler)
  // @ts-expect-error a send has no field of that name
  serve<Send>(lane, publish(topic('topc')), handler)
  // @ts-expect-error a queue id is a number
  serve<Send>(lane, publish(topic('queueId')), handler)
  // @ts-expect-error a heartbeat names nothing in its header
  serve<typeof commands.heartBeat>(lane, subscribe(group('consumerGroup')), handler)
  // @ts-expect-error a served row says what it demands
  serve<Send>(lane, undefined, handler)
})

type Get = typeof commands.getKvConfig

async function guarded(guard: Guard, access = get(topic('key'))) {
  const handled: string[] = []
  const getKvConfig = serve<Get>(lane, access, ({ key }) => {
    handled.push(key)
    return { header: { value: key } }
  })
  const running = await startServer({ getKvConfig }, { guard })
  const request = (key: string, body = noBody) =>
    running.client.call(running.address, commands.getKvConfig, { header: { namespace: 'n', key }, body, timeoutMs })
  return { running, handled, request }
}

test('a guard is told the peer, the command, the frame and the demands, and its reason goes back with NO_PERMISSION', async () => {
  const asked: GuardedRequest[] = []
  const { running, handled, request } = await guarded((guardedRequest) => {
    asked.push(guardedRequest)
    return guardedRequest.demands[0]?.name === 'secret' ? 'the topic secret is not yours' : undefined
  })
  await using _ = running
  const [refused, allowed] = [await request('secret'), await request('open', Buffer.from('body'))]
  expect([refused.code, refused.remark]).toEqual([16, 'the topic secret is not yours'])
  expect([allowed.code, allowed.extFields?.value]).toEqual([0, 'open'])
  expect(handled).toEqual(['open'])
  expect(running.server.waitingIn('test')).toBe(0)
  expect(asked.map(({ demands }) => demands)).toEqual([
    [{ type: 'topic', name: 'secret', anyOf: ['GET'] }],
    [{ type: 'topic', name: 'open', anyOf: ['GET'] }],
  ])
  expect(asked[1]?.command).toBe(commands.getKvConfig)
  expect(asked[1]?.request.extFields).toEqual({ namespace: 'n', key: 'open' })
  expect(asked[1]?.request.body?.toString()).toBe('body')
  expect(asked[1]?.peer).toMatch(/^127\.0\.0\.1:\d+$/)
})

test('a request is not handled when its guard fails, or when the body that names its resources cannot be read', async () => {
  const failing = await guarded(() => {
    throw new TypeError('a defect of the guard')
  })
  await using _failing = failing.running
  expect(await failing.request('k')).toMatchObject({ code: 1, remark: 'TypeError: a defect of the guard' })
  expect(failing.handled).toEqual([])

  const named = namedInBody((body) => {
    if (body.length === 0) throw new TypeError('no name')
    return [onGroup(body.toString(), ['SUB'])]
  })
  const seen: unknown[] = []
  const byBody = await guarded(({ demands }) => void seen.push(demands), named)
  await using _byBody = byBody.running
  expect((await byBody.request('k')).code).toBe(1)
  expect(byBody.handled).toEqual([])
  expect((await byBody.request('k', Buffer.from('g'))).code).toBe(0)
  expect(seen).toEqual([[{ type: 'group', name: 'g', anyOf: ['SUB'] }]])
})
