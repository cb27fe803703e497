import type { AnyCommand, RemotingCommand } from '@rocketmq-ts/protocol'
import { responseCodes } from '@rocketmq-ts/protocol'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { Connections, type Request } from '../../src/connection/connections.ts'
import { Admin, type ReceivedMessage, RocketMQError, type SendReceipt } from '../../src/index.ts'
import { type Scene, send } from '../client-kit.ts'
import { startLite } from '../lite/lite-kit.ts'

let scene: Scene
let admin: Admin
let receipt: SendReceipt
let message: ReceivedMessage

beforeAll(async () => {
  scene = await startLite()
  admin = new Admin(scene.client())
  await scene.settle(admin.createTopic('T', { queues: 1 }))
  await scene.settle(admin.createTopic('gone', { queues: 1 }))
  await scene.settle(admin.createStaticTopic('static', { queues: 1 }))
  await scene.settle(admin.createGroup('g'))
  await scene.settle(admin.createGroup('bye'))
  receipt = (await send(scene, 'T', ['m'], { keys: ['key'] }))[0]!
  await scene.settle(admin.commitOffset('g', receipt.queue, 0))
  message = (await scene.settle(admin.messageAt(receipt.offsetMessageId)))!
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => scene.settle(admin.close()))

const cluster = 'GET_BROKER_CLUSTER_INFO'
const route = 'GET_ROUTEINFO_BY_TOPIC'

/** Each method that asks, and the commands whose answers say something that it needs. */
const methods: Record<Exclude<keyof Admin, 'close' | symbol>, [() => Promise<unknown>, ...string[]]> = {
  brokers: [() => admin.brokers(), cluster],
  nameServers: [() => admin.nameServers()],
  nameServerConfigurations: [() => admin.nameServerConfigurations()],
  changeNameServers: [() => admin.changeNameServers({ clusterTest: 'false' })],
  brokerConfiguration: [() => admin.brokerConfiguration('broker-1'), cluster, 'GET_BROKER_CONFIG'],
  changeBroker: [() => admin.changeBroker('broker-1', { fileReservedTime: '72' }), cluster],
  setBrokerWritable: [() => admin.setBrokerWritable('broker-1', true), 'ADD_WRITE_PERM_OF_BROKER'],
  brokerStatus: [() => admin.brokerStatus('broker-1'), cluster, 'GET_BROKER_RUNTIME_INFO'],
  topics: [() => admin.topics(), 'GET_ALL_TOPIC_LIST_FROM_NAMESERVER'],
  describeTopic: [() => admin.describeTopic('T'), route, 'GET_TOPIC_STATS_INFO', 'QUERY_TOPIC_CONSUME_BY_WHO'],
  createTopic: [() => admin.createTopic('T', { queues: 1 }), cluster, route],
  topicConfigurations: [() => admin.topicConfigurations('T'), route, 'GET_TOPIC_CONFIG'],
  changeTopic: [() => admin.changeTopic('T', { queues: 1 }), route, 'GET_TOPIC_CONFIG'],
  deleteTopic: [() => admin.deleteTopic('gone'), cluster],
  staticTopics: [() => admin.staticTopics(), cluster, 'GET_ALL_TOPIC_CONFIG'],
  createStaticTopic: [
    () => admin.createStaticTopic('static', { queues: 2 }, { dryRun: true }),
    cluster,
    'GET_TOPIC_CONFIG',
  ],
  describeStaticTopic: [() => admin.describeStaticTopic('static'), cluster, 'GET_TOPIC_CONFIG'],
  moveStaticTopic: [() => admin.moveStaticTopic('static', { brokers: ['broker-1'] }), cluster, 'GET_TOPIC_CONFIG'],
  completeStaticTopic: [() => admin.completeStaticTopic('static'), cluster, 'GET_TOPIC_CONFIG'],
  groups: [() => admin.groups(), cluster, 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG'],
  describeGroup: [() => admin.describeGroup('g'), cluster, 'GET_CONSUMER_CONNECTION_LIST'],
  createGroup: [() => admin.createGroup('g'), cluster],
  groupConfigurations: [() => admin.groupConfigurations('g'), cluster, 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG'],
  changeGroup: [() => admin.changeGroup('g', { retriesMax: 3 }), cluster, 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG'],
  memberStatus: [() => admin.memberStatus('g', 'member'), cluster, 'GET_CONSUMER_RUNNING_INFO'],
  deleteGroup: [() => admin.deleteGroup('bye'), cluster],
  requestModes: [() => admin.requestModes(), cluster, 'GET_ALL_MESSAGE_REQUEST_MODE'],
  setRequestMode: [() => admin.setRequestMode('g', 'T', { mode: 'PULL' }), cluster],
  liteBrokers: [() => admin.liteBrokers(), cluster, 'GET_BROKER_LITE_INFO'],
  describeLiteParent: [() => admin.describeLiteParent('chat'), cluster, 'GET_PARENT_TOPIC_INFO'],
  describeLiteTopic: [() => admin.describeLiteTopic('chat', 'a'), cluster, 'GET_LITE_TOPIC_INFO'],
  describeLiteClient: [() => admin.describeLiteClient('chat', 'readers', 'member'), cluster, 'GET_LITE_CLIENT_INFO'],
  liteProgress: [() => admin.liteProgress('readers'), cluster, 'GET_LITE_GROUP_INFO'],
  triggerLiteDispatch: [() => admin.triggerLiteDispatch('readers'), cluster],
  producers: [() => admin.producers('shop'), cluster, 'GET_PRODUCER_CONNECTION_LIST'],
  allProducers: [() => admin.allProducers(), cluster, 'GET_ALL_PRODUCER_INFO'],
  progressOfAll: [() => admin.progressOfAll(), cluster, 'GET_BROKER_CONSUME_STATS'],
  progress: [() => admin.progress('g'), cluster, 'GET_CONSUME_STATS'],
  resetOffsets: [
    () => admin.resetOffsets('g', 'T', 'latest', { dryRun: true }),
    route,
    'GET_MAX_OFFSET',
    'QUERY_CONSUMER_OFFSET',
  ],
  copyOffsets: [
    () => admin.copyOffsets('g', 'g', 'T', { dryRun: true }),
    route,
    'GET_MAX_OFFSET',
    'GET_MIN_OFFSET',
    'QUERY_CONSUMER_OFFSET',
  ],
  messageAt: [() => admin.messageAt(receipt.offsetMessageId), cluster, 'VIEW_MESSAGE_BY_ID'],
  messagesById: [() => admin.messagesById('T', message.messageId), route, 'QUERY_MESSAGE'],
  messagesByKey: [() => admin.messagesByKey('T', 'key'), route, 'QUERY_MESSAGE'],
  committedOffset: [() => admin.committedOffset('g', receipt.queue), 'QUERY_CONSUMER_OFFSET'],
  commitOffset: [() => admin.commitOffset('g', receipt.queue, 0)],
  redeliver: [() => admin.redeliver('g', message), route],
  traces: [() => admin.traces('id', { traceTopic: 'T' }), route, 'QUERY_MESSAGE'],
}

test('each method that asks is in the table', () => {
  const names = Object.getOwnPropertyNames(Admin.prototype).filter((name) => name !== 'constructor' && name !== 'close')
  expect(Object.keys(methods).sort()).toEqual(names.sort())
})

const garbage = Buffer.from('<html>')

/** Lets servers answer one command with what nobody can read. @returns the commands that are asked */
function garble(garbled?: string): Set<string> {
  const asked = new Set<string>()
  const { ask } = Connections.prototype
  vi.spyOn(Connections.prototype, 'ask').mockImplementation(async function <C extends AnyCommand>(
    this: Connections,
    address: string,
    request: Request<C>,
  ): Promise<RemotingCommand> {
    asked.add(request.command.name)
    const answer = await ask.call(this, address, request as never)
    if (request.command.name !== garbled) return answer
    return { ...answer, code: responseCodes.SUCCESS.code, extFields: {}, body: garbage }
  })
  return asked
}

const outcome = (promise: Promise<unknown>): Promise<unknown> => scene.settle(promise.catch((error: unknown) => error))

test.for(Object.entries(methods))(
  'answers that cannot be read end %s with INVALID_ANSWER',
  async ([, [call, ...needed]]) => {
    const asked = garble()
    await outcome(call())
    vi.restoreAllMocks()
    const unreadable: string[] = []
    for (const command of asked) {
      garble(command)
      const result = await outcome(call())
      vi.restoreAllMocks()
      if (!(result instanceof Error)) continue
      expect(result, command).toBeInstanceOf(RocketMQError)
      expect(result, command).toMatchObject({ code: 'INVALID_ANSWER', outcome: 'unknown', responseCode: undefined })
      unreadable.push(command)
    }
    expect(unreadable.sort()).toEqual(needed.sort())
  },
)
