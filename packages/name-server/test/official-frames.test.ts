import {
  type AnyCommand,
  commands,
  encodeFrame,
  flags,
  type RemotingCommand,
  type RequestOf,
} from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { capturedFrame, comparableBody, connectRaw, decodeCaptured } from './captured-exchange.ts'
import { startNameServer } from './name-server-kit.ts'

/** The same code, fields, remark and body as the official name server sent. */
function expectAsOfficial(answer: RemotingCommand, captureName: string): void {
  const official = decodeCaptured(captureName)
  expect(answer.code).toBe(official.code)
  expect(answer.extFields).toEqual(official.extFields)
  expect(answer.flag).toBe(flags.response)
  expect(comparableBody(answer)).toEqual(comparableBody(official))
}

function frameOf<C extends AnyCommand>(command: C, header: RequestOf<C>): Buffer {
  const { code, requestCodec: codec } = command
  return encodeFrame({ code, opaque: 7, flag: 0, header, codec, serializeType: 'JSON' })
}

test('an official broker registers and is answered, listed, routed and forgotten as by the official name server', async () => {
  await using running = await startNameServer()
  const peer = await connectRaw(running.server)

  expectAsOfficial(await peer.ask(capturedFrame('322-query')), '322-response-unknown')
  expectAsOfficial(await peer.ask(capturedFrame('103-register-plain')), '103-response')
  expectAsOfficial(await peer.ask(capturedFrame('322-query')), '322-response-unchanged')

  const route = await peer.ask(
    frameOf(commands.getRouteinfoByTopic, { topic: 'CapTopic', acceptStandardJsonOnly: true }),
  )
  expectAsOfficial(route, '105-route-strict')
  expect(route.body).toEqual(decodeCaptured('105-route-strict').body)
  const clusters = await peer.ask(frameOf(commands.getBrokerClusterInfo, {}))
  expectAsOfficial(clusters, '106-cluster-info')
  expect(clusters.body).toEqual(decodeCaptured('106-cluster-info').body)
  expectAsOfficial(await peer.ask(frameOf(commands.getAllTopicListFromNameserver, {})), '206-all-topics-ns')
  expectAsOfficial(
    await peer.ask(frameOf(commands.getTopicsByCluster, { cluster: 'DefaultCluster' })),
    '224-topics-by-cluster',
  )
  expectAsOfficial(await peer.ask(frameOf(commands.getSystemTopicListFromNs, {})), '304-system-topic-list-ns')
  const members = { clusterName: 'DefaultCluster', brokerName: 'broker-a' }
  expectAsOfficial(await peer.ask(frameOf(commands.getBrokerMemberGroup, members)), '901-member-group')

  expectAsOfficial(await peer.ask(capturedFrame('104-unregister')), '104-response')
  expectAsOfficial(await peer.ask(frameOf(commands.getRouteinfoByTopic, { topic: 'CapTopic' })), '105-route-absent')
  peer.close()
})

test('a zlib body is read although official 5.5.0 brokers say compressed=false', async () => {
  await using running = await startNameServer()
  const peer = await connectRaw(running.server)
  expectAsOfficial(await peer.ask(capturedFrame('103-register-zlib-body-compressed-false')), '103-response')
  const route = frameOf(commands.getRouteinfoByTopic, { topic: 'CapTopic', acceptStandardJsonOnly: true })
  expectAsOfficial(await peer.ask(route), '105-route-strict')
  expectAsOfficial(await peer.ask(frameOf(commands.getAllTopicListFromNameserver, {})), '206-all-topics-ns')
  peer.close()
})

test('a client that does not ask for standard JSON and is older than V4_9_4 gets bare integer keys', async () => {
  await using running = await startNameServer()
  const peer = await connectRaw(running.server)
  await peer.ask(capturedFrame('103-register-plain'))
  const absent = await peer.ask(capturedFrame('105-request-of-go-client'))
  expect(absent.code).toBe(17)
  expect(absent.remark).toMatch(/^No topic route info in name server for the topic: go-send-compressed-topic-ca7f59\n/)

  const go = JSON.stringify({
    code: 105,
    language: 'GO',
    version: 317,
    opaque: 10,
    flag: 0,
    remark: '',
    extFields: { topic: 'TBW102' },
  })
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + go.length, 0)
  head.writeInt32BE(go.length, 4)
  const answer = await peer.ask(Buffer.concat([head, Buffer.from(go)]))
  const official = decodeCaptured('105-response-to-go-client').body!.toString()
  expect(answer.body!.toString()).toBe(
    official
      .replace('"perm":6,"readQueueNums":1', '"perm":7,"readQueueNums":8')
      .replace('"writeQueueNums":1', '"writeQueueNums":8'),
  )
  peer.close()
})

test('an unknown request code is answered with 3 as the official name server does', async () => {
  await using running = await startNameServer()
  const peer = await connectRaw(running.server)
  const answer = await peer.ask(encodeFrame({ code: 999, opaque: 7, flag: 0, serializeType: 'JSON' }))
  expectAsOfficial(answer, '999-unknown-ns')
  expect(answer.remark).toBe(decodeCaptured('999-unknown-ns').remark)
  peer.close()
})
