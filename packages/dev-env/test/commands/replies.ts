import {
  commands,
  decodeMessageProperties,
  encodeMessageProperties,
  heartbeatBody,
  type RequestOf,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { codeOf, type Promises, type Scene, withSettings } from './scene.ts'

const replyTopic = 'DefaultCluster_REPLY_TOPIC'
const aBody = Buffer.from('the answer')

function replyHeader(clientId: string | undefined): RequestOf<typeof commands.sendReplyMessage> {
  const properties = {
    MSG_TYPE: 'reply',
    CORRELATION_ID: 'c-1',
    TTL: '3000',
    ...(clientId === undefined ? {} : { REPLY_TO_CLIENT: clientId }),
  }
  return {
    producerGroup: 'answering',
    topic: replyTopic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    flag: 7,
    properties: encodeMessageProperties(Object.entries(properties)),
  }
}

/** A client that asks, with a connection of its own to the broker, under the id of another one when that is given. */
async function asking(scene: Scene, id?: string) {
  const client = await silentlyAsking(scene, id)
  client.answer(commands.pushReplyMessageToClient, () => ({}))
  return client
}

/** One that takes no reply. */
async function silentlyAsking(scene: Scene, id?: string) {
  const client = scene.newClient()
  const body = heartbeatBody.encode({
    clientID: id ?? client.id,
    producerDataSet: [{ groupName: 'asking' }],
    consumerDataSet: [],
    heartbeatFingerprint: 0,
    withoutSub: false,
  })
  await client.broker(scene.machine).ask(commands.heartBeat, {}, body)
  return client
}

const repliesTo = (client: Scene['client']) =>
  client.requests.filter(({ code }) => code === commands.pushReplyMessageToClient.code)

type ReplyCommand = typeof commands.sendReplyMessage | typeof commands.sendReplyMessageV2

async function isPushedToWhoAsked(scene: Scene, command: ReplyCommand): Promise<void> {
  const client = await asking(scene)
  const other = await asking(scene)
  const { header } = await scene.broker.ask(command, replyHeader(client.id), aBody)
  expect(header).toMatchObject({ queueId: 0, queueOffset: 0 })
  expect(repliesTo(other)).toEqual([])
  const [pushed] = repliesTo(client)
  expect(pushed!.body).toEqual(aBody)
  const { properties, bornHost, storeHost, ...rest } = commands.pushReplyMessageToClient.requestCodec.decode(
    pushed!.extFields,
  )
  expect(rest).toMatchObject({ producerGroup: 'answering', topic: replyTopic, flag: 7, queueId: 0 })
  expect(storeHost).toBe(scene.machine.address)
  expect(bornHost).toMatch(new RegExp(`^${scene.client.host.address}:\\d+$`))
  const told = decodeMessageProperties(properties!)
  expect([told.get('CORRELATION_ID'), told.get('MSG_REGION'), told.get('TRACE_ON')]).toEqual([
    'c-1',
    'DefaultRegion',
    'true',
  ])
  expect(Number(told.get('PUSH_REPLY_TIME'))).toBeGreaterThan(1_600_000_000_000)
}

export const replies = {
  sendReplyMessage: {
    'a reply goes to the client that asked, and to no other': (scene) =>
      isPushedToWhoAsked(scene, commands.sendReplyMessage),
    'a client is reached over another of its connections when one does not take the reply': async (scene) => {
      const first = await asking(scene)
      const second = await asking(scene, first.id)
      first.answer(commands.pushReplyMessageToClient, () => ({ code: 1, remark: 'nobody asked here' }))
      await scene.broker.ask(commands.sendReplyMessage, replyHeader(first.id), aBody)
      expect([repliesTo(first).length, repliesTo(second).length]).toEqual([1, 1])
    },
    'a client that also consumes is reached over the connection of its group': async (scene) => {
      const client = scene.newClient()
      await scene.join('g', 'T', client)
      client.answer(commands.pushReplyMessageToClient, () => ({}))
      await scene.broker.ask(commands.sendReplyMessage, replyHeader(client.id), aBody)
      expect(repliesTo(client)).toHaveLength(1)
    },
    'a reply to a client that is gone, or does not take it, is answered with that': async (scene) => {
      const client = await asking(scene)
      const answer = () => scene.broker.call(commands.sendReplyMessage, replyHeader(client.id), aBody)
      client.answer(commands.pushReplyMessageToClient, () => ({ code: 1 }))
      expect(await answer()).toMatchObject({ code: 1, remark: expect.stringContaining('connections took it') })
      client.kill()
      await scene.cluster.sleep(1000)
      expect(await answer()).toMatchObject({ code: 1, remark: expect.stringContaining('the client is gone') })
      const nobody = await scene.broker.call(commands.sendReplyMessage, replyHeader(undefined), aBody)
      expect(nobody).toMatchObject({ code: 1, remark: expect.stringContaining('REPLY_TO_CLIENT') })
    },
    'a client that stays silent is waited for 10 s': async (scene) => {
      const client = scene.newClient()
      await client.broker(scene.machine).heartbeat([], ['asking'])
      const startMs = scene.cluster.simulation.monotonic()
      expect(await codeOf(scene.broker, commands.sendReplyMessage, replyHeader(client.id), aBody)).toBe('SYSTEM_ERROR')
      expect(scene.cluster.simulation.monotonic() - startMs).toBeGreaterThanOrEqual(10_000)
    },
    'a client that stays silent over many connections is waited for 10 s too': async (scene) => {
      const { id } = scene.newClient()
      const silent = await Promise.all(Array.from({ length: 12 }, () => silentlyAsking(scene, id)))
      const startMs = scene.cluster.simulation.monotonic()
      expect(await codeOf(scene.broker, commands.sendReplyMessage, replyHeader(id), aBody)).toBe('SYSTEM_ERROR')
      expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(11_000)
      expect(silent.flatMap(repliesTo).length).toBeLessThanOrEqual(4)
    },
  },
  sendReplyMessageV2: {
    'a reply goes to the client that asked, and to no other': (scene) =>
      isPushedToWhoAsked(scene, commands.sendReplyMessageV2),
    'a reply is stored too, whether or not the client is there': async (scene) => {
      const client = await asking(scene)
      await scene.broker.ask(commands.sendReplyMessageV2, replyHeader(client.id), aBody)
      await scene.broker.call(commands.sendReplyMessageV2, replyHeader('nobody'), aBody)
      expect(await scene.bodiesIn(replyTopic)).toEqual(['the answer', 'the answer'])
    },
    'a reply is not stored where that is off, and its sender is told a place all the same': withSettings(
      { storeReplyMessageEnable: 'false' },
      async (scene) => {
        const client = await asking(scene)
        const { header } = await scene.broker.ask(commands.sendReplyMessageV2, replyHeader(client.id), aBody)
        expect(header).toMatchObject({ msgId: '0', queueId: 0, queueOffset: 0 })
        expect(await scene.bodiesIn(replyTopic)).toEqual([])
      },
    ),
  },
} satisfies Promises
