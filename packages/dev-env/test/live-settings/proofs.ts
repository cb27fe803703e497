import { commands, consumerIdListBody, newTagSubscription } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { coldReadProofs } from './cold-read-proofs.ts'
import { limitProofs } from './limit-proofs.ts'
import { liteProofs } from './lite-proofs.ts'
import { popProofs } from './pop-proofs.ts'
import { Scene } from './scene.ts'
import { staticTopicProofs } from './static-topic-proofs.ts'
import { transactionProofs } from './transaction-proofs.ts'

/** Shows that a change of one setting is seen by who reads it, while the broker runs. */
export type Proof = () => Promise<void>

const hourMs = 3_600_000

async function withTopic(brokerSettings: Record<string, string> = {}): Promise<Scene> {
  const scene = await Scene.start(brokerSettings)
  await scene.broker.createTopic('T', 1)
  return scene
}

/** A broker with some full files of the log, two hours old, and the disk three fifths full. */
async function withOldFiles(brokerSettings: Record<string, string> = {}): Promise<Scene> {
  const scene = await withTopic({ deleteWhen: '', ...brokerSettings })
  for (let count = 0; count < 10; count++) await scene.broker.send({ topic: 'T', body: 'x'.repeat(100_000) })
  scene.machine.disk.space = { totalBytes: 100 * 2 ** 30, freeBytes: 40 * 2 ** 30 }
  scene.machine.jumpClock(2 * hourMs)
  return scene
}

async function minOffset({ broker }: Scene): Promise<number> {
  return (await broker.ask(commands.getMinOffset, { topic: 'T', queueId: 0 })).header.offset
}

/** Old files go within the rounds of half a minute, or they do not. */
async function oldFilesGo(scene: Scene): Promise<boolean> {
  await scene.cluster.sleep(30_000)
  return (await minOffset(scene)) > 0
}

/** Time until a pull of an empty queue, that may wait ten seconds, is answered. */
function waitOfPull(scene: Scene): Promise<number> {
  return scene.durationMs(scene.broker.pull({ topic: 'T', waitMs: 10_000 }))
}

async function pulledCount({ broker }: Scene): Promise<number> {
  return (await broker.pull({ topic: 'T' })).messages.length
}

/** A message does not come at its time while the setting stops it, and comes then. */
async function stopsTimer(setting: 'timerStopEnqueue' | 'timerStopDequeue'): Promise<void> {
  const scene = await withTopic()
  await scene.change({ [setting]: 'true' })
  await sendTimed(scene, 2000)
  await scene.cluster.sleep(10_000)
  expect(await pulledCount(scene)).toBe(0)
  await scene.change({ [setting]: 'false' })
  await scene.cluster.sleep(2000)
  expect(await pulledCount(scene)).toBe(1)
}

async function foundByKey({ broker, machine }: Scene, key: string, isUnique: boolean): Promise<number> {
  const header = {
    topic: 'T',
    key,
    maxNum: 32,
    beginTimestamp: 0,
    endTimestamp: machine.wallMs + 1,
    _UNIQUE_KEY_QUERY: isUnique,
  }
  const answer = await broker.call(commands.queryMessage, header)
  return answer.code === 0 ? recordCount(answer.body!) : 0
}

function recordCount(records: Buffer): number {
  let count = 0
  for (let position = 0; position < records.length; position += records.readInt32BE(position)) count++
  return count
}

/** Whether the first member of a group is told when a second one comes. */
async function isToldOfMembers(scene: Scene, name: string): Promise<boolean> {
  const first = scene.cluster.newClient()
  const subscribing = [{ group: name, topics: { T: '*' } }]
  await first.broker(scene.machine).heartbeat(subscribing)
  await scene.cluster.newClient().broker(scene.machine).heartbeat(subscribing)
  await scene.cluster.sleep(100)
  return first.requests.some(({ code }) => code === commands.notifyConsumerIdsChanged.code)
}

/** A pull of the group g by an SQL92 expression of its own. */
function pullBySql({ broker }: Scene, topic: string, subscription: string) {
  const queue = { topic, queueId: 0, queueOffset: 0, maxMsgNums: 32 }
  const header = { consumerGroup: 'g', ...queue, sysFlag: 4, subscription, expressionType: 'SQL92', subVersion: 0 }
  return broker.call(commands.pullMessage, header)
}

/** A member of the group g subscribes to T by an SQL92 expression. */
async function subscribeBySql({ broker }: Scene, subString: string): Promise<void> {
  const subscription = { ...newTagSubscription('T', '*', 1), subString, expressionType: 'SQL92' }
  await broker.heartbeat([{ group: 'g', topics: {}, consumer: { subscriptionDataSet: [subscription] } }])
}

/** A reply to a client that is not there. */
const replyHeader = {
  producerGroup: 'p',
  topic: 'T',
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: 1,
  queueId: 0,
  sysFlag: 0,
  flag: 0,
  properties: 'REPLY_TO_CLIENT\u0001nobody\u0002',
}

/** What the broker sends to the name server in so many milliseconds. */
async function registeredIn(scene: Scene, durationMs: number): Promise<string> {
  scene.registered = ''
  await scene.cluster.sleep(durationMs)
  return scene.registered
}

const registrations = (text: string) => text.split('{"code":103,').length - 1

/** How often the disk is changed so while messages come for some time, four a second. */
async function changesWhileSending(scene: Scene, what: string, durationMs: number): Promise<number> {
  const from = scene.diskChanges.length
  const endMs = scene.nowMs + durationMs
  while (scene.nowMs < endMs) {
    await scene.broker.send({ topic: 'T' })
    await scene.cluster.sleep(250)
  }
  return scene.diskChanges.slice(from).filter((change) => change.what.includes(what)).length
}

function sendTimed({ broker }: Scene, delayMs: number, body = 'timed') {
  return broker.send({ topic: 'T', body, properties: { TIMER_DELAY_MS: String(delayMs) } })
}

async function recall({ broker }: Scene, recallHandle: string | undefined): Promise<void> {
  await broker.ask(commands.recallMessage, { topic: 'T', recallHandle: recallHandle! })
}

/** By the key of the setting. */
export const proofs: Readonly<Record<string, Proof>> = {
  ...transactionProofs,
  ...coldReadProofs,
  ...popProofs,
  ...liteProofs,
  ...limitProofs,
  ...staticTopicProofs,

  async brokerPermission() {
    const scene = await withTopic()
    await scene.change({ brokerPermission: '4' })
    expect(await scene.codeOf(scene.broker.send({ topic: 'T' }))).toBe('NO_PERMISSION')
    await scene.change({ brokerPermission: '2' })
    expect(await scene.codeOf(scene.broker.pull({ topic: 'T' }))).toBe('NO_PERMISSION')
    await scene.cluster.sleep(1000)
    const route = await scene.cluster.client.nameServer(scene.cluster.nameServers[0]!).route('T')
    expect(route?.queueDatas[0]?.perm).toBe(2)
  },

  async startAcceptSendRequestTimeStamp() {
    const scene = await withTopic()
    await scene.change({ startAcceptSendRequestTimeStamp: String(scene.machine.wallMs + 60_000) })
    expect(await scene.codeOf(scene.broker.send({ topic: 'T' }))).not.toBe('SUCCESS')
    await scene.cluster.sleep(60_000)
    await scene.broker.send({ topic: 'T' })
  },

  async regionId() {
    const scene = await withTopic()
    await scene.change({ regionId: 'south' })
    await scene.broker.send({ topic: 'T' })
    const [message] = await scene.broker.readQueue('T')
    expect(message?.properties.get('MSG_REGION')).toBe('south')
  },

  async channelExpiredTimeout() {
    const scene = await withTopic()
    const members = async () => {
      const header = { consumerGroup: 'G' }
      const answer = await scene.cluster.newClient().broker(scene.machine).call(commands.getConsumerListByGroup, header)
      return answer.code === 0 ? consumerIdListBody.decode(answer.body!).consumerIdList.length : 0
    }
    await scene.broker.heartbeat([{ group: 'G', topics: { T: '*' } }])
    await scene.cluster.sleep(15_000)
    expect(await members()).toBe(1)
    await scene.cluster
      .newClient()
      .broker(scene.machine)
      .ask(commands.updateBrokerConfig, {}, Buffer.from('channelExpiredTimeout=1000'))
    await scene.cluster.sleep(15_000)
    expect(await members()).toBe(0)
  },

  async namesrvAddr() {
    const scene = await withTopic()
    const nameServer = scene.cluster.nameServers[0]!
    const hasRoute = async () => (await scene.cluster.client.nameServer(nameServer).route('T')) !== undefined
    await scene.change({ namesrvAddr: '10.0.0.99:9876' })
    await scene.cluster.until('the broker leaves', async () => !(await hasRoute()), 1000)
    await scene.change({ namesrvAddr: nameServer.address })
    await scene.cluster.until('the broker is back', hasRoute, 1000)
  },

  async registerNameServerPeriod() {
    const scene = await withTopic()
    expect(registrations(await registeredIn(scene, 65_000))).toBe(2)
    await scene.change({ registerNameServerPeriod: '10000' })
    expect(registrations(await registeredIn(scene, 65_000))).toBe(6)
  },

  async registerBrokerTimeoutMills() {
    const scene = await withTopic()
    await scene.change({ registerBrokerTimeoutMills: '500', registerNameServerPeriod: '10000' })
    const failed = () => scene.machine.logged.some(({ message }) => message.includes('could not be registered'))
    scene.cluster.nameServers[0]!.pause()
    await scene.cluster.until('the broker gives up', failed, 12_000)
  },

  async forceRegister() {
    const scene = await withTopic()
    await scene.change({ forceRegister: 'false' })
    expect(await registeredIn(scene, 31_000)).toContain('{"code":322,')
  },

  async compressedRegister() {
    const scene = await withTopic()
    expect(await registeredIn(scene, 31_000)).toContain('"compressed":"false"')
    await scene.change({ compressedRegister: 'true' })
    expect(await registeredIn(scene, 31_000)).toContain('"compressed":"true"')
  },

  async autoCreateTopicEnable() {
    const scene = await withTopic()
    await scene.change({ autoCreateTopicEnable: 'false' })
    expect(await scene.codeOf(scene.broker.send({ topic: 'New' }))).toBe('TOPIC_NOT_EXIST')
    await scene.change({ autoCreateTopicEnable: 'true' })
    await scene.broker.send({ topic: 'New' })
  },

  async defaultTopicQueueNums() {
    const scene = await withTopic()
    await scene.change({ defaultTopicQueueNums: '3' })
    await scene.broker.send({ topic: 'New' })
    expect((await scene.broker.topics()).topicConfigTable.get('New')?.writeQueueNums).toBe(3)
  },

  async traceOn() {
    const scene = await withTopic()
    await scene.broker.send({ topic: 'T' })
    await scene.change({ traceOn: 'false' })
    await scene.broker.send({ topic: 'T' })
    const messages = await scene.broker.readQueue('T')
    expect(messages.map(({ properties }) => properties.get('TRACE_ON'))).toEqual(['true', 'false'])
  },

  async autoCreateSubscriptionGroup() {
    const scene = await withTopic()
    await scene.change({ autoCreateSubscriptionGroup: 'false' })
    const pulling = () => scene.codeOf(scene.broker.pull({ topic: 'T', group: 'New' }))
    expect(await pulling()).toBe('SUBSCRIPTION_GROUP_NOT_EXIST')
    await scene.change({ autoCreateSubscriptionGroup: 'true' })
    expect(await pulling()).toBe('SUCCESS')
  },

  async longPollingEnable() {
    const scene = await withTopic()
    expect(await waitOfPull(scene)).toBeGreaterThan(9000)
    await scene.change({ longPollingEnable: 'false' })
    expect(await waitOfPull(scene)).toBeLessThan(2000)
  },

  async shortPollingTimeMills() {
    const scene = await withTopic({ longPollingEnable: 'false' })
    expect(await waitOfPull(scene)).toBeLessThan(2000)
    await scene.change({ shortPollingTimeMills: '5000' })
    expect(await waitOfPull(scene)).toBeGreaterThan(4500)
  },

  async notifyConsumerIdsChangedEnable() {
    const scene = await withTopic()
    expect(await isToldOfMembers(scene, 'before')).toBe(true)
    await scene.change({ notifyConsumerIdsChangedEnable: 'false' })
    expect(await isToldOfMembers(scene, 'after')).toBe(false)
  },

  async enablePropertyFilter() {
    const scene = await withTopic()
    const pull = () => pullBySql(scene, 'T', 'TRUE')
    expect((await pull()).code).not.toBe(1)
    await scene.change({ enablePropertyFilter: 'false' })
    expect((await pull()).code).toBe(1)
  },

  async filterSupportRetry() {
    const scene = await withTopic()
    await subscribeBySql(scene, 'n = 1')
    for (const n of ['1', '2']) {
      await scene.broker.send({ topic: '%RETRY%g', body: n, properties: { n, RETRY_TOPIC: 'T' } })
    }
    const found = async () => recordCount((await pullBySql(scene, '%RETRY%g', 'TRUE')).body ?? Buffer.alloc(0))
    expect(await found()).toBe(2)
    await scene.change({ filterSupportRetry: 'true' })
    expect(await found()).toBe(1)
  },

  async filterDataCleanTimeSpan() {
    const scene = await withTopic()
    const expressions = () => scene.machine.server.stats().filters.expressions
    const leave = async () => {
      await subscribeBySql(scene, 'n = 1')
      await scene.broker.ask(commands.unregisterClient, { clientID: scene.broker.client.id, consumerGroup: 'g' })
      await scene.cluster.sleep(30_000)
    }
    await leave()
    expect(expressions()).toBe(1)
    await scene.change({ filterDataCleanTimeSpan: '0' })
    await leave()
    expect(expressions()).toBe(0)
  },

  async storeReplyMessageEnable() {
    const scene = await withTopic()
    const stored = async () => {
      const header = { ...replyHeader, bornTimestamp: scene.machine.wallMs }
      await scene.broker.call(commands.sendReplyMessage, header, Buffer.from('reply'))
      return (await scene.broker.readQueue('T')).length
    }
    expect(await stored()).toBe(1)
    await scene.change({ storeReplyMessageEnable: 'false' })
    expect(await stored()).toBe(1)
  },

  async litePullMessageEnable() {
    const scene = await withTopic()
    await scene.change({ litePullMessageEnable: 'false' })
    const header = {
      ...{ consumerGroup: 'G', topic: 'T', queueId: 0, queueOffset: 0, maxMsgNums: 1, sysFlag: 16 | 4 },
      ...{ commitOffset: 0, suspendTimeoutMillis: 0, subscription: '*', subVersion: 0, expressionType: 'TAG' },
    }
    expect(await scene.codeOf(scene.broker.ask(commands.litePullMessage, header))).toBe('NO_PERMISSION')
  },

  async useServerSideResetOffset() {
    const scene = await withTopic()
    await scene.broker.pull({ topic: 'T', group: 'G' })
    const header = { group: 'G', topic: 'T', timestamp: 0, isForce: true, queueId: -1 }
    const resetting = () => scene.codeOf(scene.broker.ask(commands.invokeBrokerToResetOffset, header))
    expect(await resetting()).toBe('SUCCESS')
    await scene.change({ useServerSideResetOffset: 'false' })
    expect(await resetting()).toBe('CONSUMER_NOT_ONLINE')
  },

  async timerMaxDelaySec() {
    const scene = await withTopic()
    await sendTimed(scene, 20_000)
    await scene.change({ timerMaxDelaySec: '10' })
    await sendTimed(scene, 10_000)
    expect(await scene.codeOf(sendTimed(scene, 10_001))).toBe('MESSAGE_ILLEGAL')
  },

  async timerCongestNumEachSlot() {
    const scene = await withTopic()
    await scene.change({ timerCongestNumEachSlot: '1' })
    const deliverMs = scene.machine.wallMs + 60_000
    const send = async () => {
      const properties = { TIMER_DELIVER_MS: String(deliverMs) }
      const code = await scene.codeOf(scene.broker.send({ topic: 'T', properties }))
      await scene.cluster.sleep(100)
      return code
    }
    expect([await send(), await send(), await send()]).toEqual(['SUCCESS', 'SUCCESS', 'SYSTEM_ERROR'])
    await scene.change({ timerCongestNumEachSlot: '100' })
    expect(await send()).toBe('SUCCESS')
  },

  timerStopEnqueue: () => stopsTimer('timerStopEnqueue'),
  timerStopDequeue: () => stopsTimer('timerStopDequeue'),

  async recallMessageEnable() {
    const scene = await withTopic()
    const { recallHandle } = await sendTimed(scene, 5000)
    expect(await scene.codeOf(recall(scene, recallHandle))).toBe('NO_PERMISSION')
    await scene.change({ recallMessageEnable: 'true' })
    await recall(scene, recallHandle)
    await scene.cluster.sleep(10_000)
    expect(await pulledCount(scene)).toBe(0)
  },

  async allowRecallWhenBrokerNotWriteable() {
    const scene = await withTopic({ recallMessageEnable: 'true' })
    const { recallHandle } = await sendTimed(scene, 60_000)
    await scene.change({ brokerPermission: '4' })
    expect(await scene.codeOf(recall(scene, recallHandle))).toBe('SUCCESS')
    await scene.change({ allowRecallWhenBrokerNotWriteable: 'false' })
    expect(await scene.codeOf(recall(scene, recallHandle))).toBe('SERVICE_NOT_AVAILABLE')
  },

  async appendTopicForTimerDeleteKey() {
    const scene = await withTopic({ recallMessageEnable: 'true' })
    const { recallHandle } = await sendTimed(scene, 60_000)
    const deleteKey = async () => {
      await recall(scene, recallHandle)
      const [last] = (await scene.broker.readQueue('rmq_sys_wheel_timer')).slice(-1)
      return last!.properties.get('TIMER_DEL_UNIQKEY')!
    }
    expect(await deleteKey()).not.toContain('T+')
    await scene.change({ appendTopicForTimerDeleteKey: 'true' })
    expect(await deleteKey()).toMatch(/^T\+/)
    await scene.cluster.sleep(62_000)
    expect(await pulledCount(scene)).toBe(0)
  },

  async maxMessageSize() {
    const scene = await withTopic()
    await scene.change({ maxMessageSize: '10' })
    await scene.broker.send({ topic: 'T', body: 'x'.repeat(10) })
    expect(await scene.codeOf(scene.broker.send({ topic: 'T', body: 'x'.repeat(11) }))).toBe('MESSAGE_ILLEGAL')
  },

  async fileReservedTime() {
    const scene = await withOldFiles()
    await scene.broker.ask(commands.deleteExpiredCommitlog, {})
    expect(await minOffset(scene)).toBe(0)
    await scene.change({ fileReservedTime: '1' })
    await scene.broker.ask(commands.deleteExpiredCommitlog, {})
    expect(await oldFilesGo(scene)).toBe(true)
  },

  async deleteWhen() {
    const scene = await withOldFiles({ fileReservedTime: '1' })
    expect(await oldFilesGo(scene)).toBe(false)
    await scene.change({ deleteWhen: String(new Date(scene.machine.wallMs).getHours()) })
    expect(await oldFilesGo(scene)).toBe(true)
  },

  async diskMaxUsedSpaceRatio() {
    const scene = await withOldFiles({ fileReservedTime: '1' })
    expect(await oldFilesGo(scene)).toBe(false)
    await scene.change({ diskMaxUsedSpaceRatio: '50' })
    expect(await oldFilesGo(scene)).toBe(true)
  },

  async diskSpaceCleanForciblyRatio() {
    const scene = await withOldFiles()
    expect(await oldFilesGo(scene)).toBe(false)
    await scene.change({ diskSpaceCleanForciblyRatio: '50' })
    expect(await oldFilesGo(scene)).toBe(true)
  },

  async cleanFileForciblyEnable() {
    const scene = await withOldFiles({ diskSpaceCleanForciblyRatio: '50', cleanFileForciblyEnable: 'false' })
    expect(await oldFilesGo(scene)).toBe(false)
    await scene.change({ cleanFileForciblyEnable: 'true' })
    expect(await oldFilesGo(scene)).toBe(true)
  },

  async diskSpaceWarningLevelRatio() {
    const scene = await withOldFiles()
    await scene.change({ diskSpaceWarningLevelRatio: '50' })
    await scene.cluster.sleep(15_000)
    expect(await scene.codeOf(scene.broker.send({ topic: 'T' }))).toBe('SERVICE_NOT_AVAILABLE')
  },

  async maxTransferBytesOnMessageInMemory() {
    const scene = await withTopic()
    for (let count = 0; count < 5; count++) await scene.broker.send({ topic: 'T', body: 'x'.repeat(1000) })
    expect(await pulledCount(scene)).toBe(5)
    await scene.change({ maxTransferBytesOnMessageInMemory: '1500' })
    expect(await pulledCount(scene)).toBe(1)
  },

  async maxTransferCountOnMessageInMemory() {
    const scene = await withTopic()
    for (let count = 0; count < 5; count++) await scene.broker.send({ topic: 'T' })
    expect(await pulledCount(scene)).toBe(5)
    await scene.change({ maxTransferCountOnMessageInMemory: '2' })
    expect(await pulledCount(scene)).toBe(2)
  },

  async maxFilterMessageSize() {
    const scene = await withTopic()
    for (let count = 0; count < 10; count++) await scene.broker.send({ topic: 'T', properties: { TAGS: 'A' } })
    const lookedAt = async () => (await scene.broker.pull({ topic: 'T', expression: 'B', countMax: 1 })).nextOffset
    expect(await lookedAt()).toBe(10)
    await scene.change({ maxFilterMessageSize: '80' })
    expect(await lookedAt()).toBe(4)
  },

  async maxMsgsNumBatch() {
    const scene = await withTopic()
    for (let count = 0; count < 5; count++) await scene.broker.send({ topic: 'T', properties: { KEYS: 'k' } })
    expect(await foundByKey(scene, 'k', false)).toBe(5)
    await scene.change({ maxMsgsNumBatch: '2' })
    expect(await foundByKey(scene, 'k', false)).toBe(2)
  },

  async defaultQueryMaxNum() {
    const scene = await withTopic()
    for (let count = 0; count < 5; count++) await scene.broker.send({ topic: 'T', properties: { UNIQ_KEY: 'u' } })
    expect(await foundByKey(scene, 'u', true)).toBe(5)
    await scene.change({ defaultQueryMaxNum: '2' })
    expect(await foundByKey(scene, 'u', true)).toBe(2)
  },

  async sendThreadPoolQueueCapacity() {
    const scene = await withTopic({ flushDiskType: 'SYNC_FLUSH' })
    const codes = () => Promise.all(Array.from({ length: 5 }, () => scene.codeOf(scene.broker.send({ topic: 'T' }))))
    expect(await codes()).not.toContain('SYSTEM_BUSY')
    await scene.change({ sendThreadPoolQueueCapacity: '1' })
    expect(await codes()).toContain('SYSTEM_BUSY')
  },

  async pullThreadPoolQueueCapacity() {
    const scene = await withTopic()
    const pull = () => scene.codeOf(scene.broker.pull({ topic: 'T', waitMs: 5000 }))
    expect(await Promise.all([pull(), pull()])).not.toContain('SYSTEM_BUSY')
    await scene.change({ pullThreadPoolQueueCapacity: '1' })
    expect(await Promise.all([pull(), pull()])).toContain('SYSTEM_BUSY')
  },

  async flushDiskType() {
    const scene = await withTopic({ flushIntervalCommitLog: '100000' })
    const syncs = async () => {
      const from = scene.diskChanges.length
      await scene.broker.send({ topic: 'T' })
      return scene.diskChanges.slice(from).some(({ what }) => what.includes('sync /data/store/commitlog/'))
    }
    expect(await syncs()).toBe(false)
    await scene.change({ flushDiskType: 'SYNC_FLUSH' })
    expect(await syncs()).toBe(true)
    await scene.change({ flushDiskType: 'ASYNC_FLUSH' })
    expect(await syncs()).toBe(false)
  },

  async syncFlushTimeout() {
    const scene = await withTopic({ flushDiskType: 'SYNC_FLUSH' })
    const codes = async () => {
      const seen = new Set<string>()
      for (let count = 0; count < 50; count++) seen.add(await scene.codeOf(scene.broker.send({ topic: 'T' })))
      return seen
    }
    expect(await codes()).toEqual(new Set(['SUCCESS']))
    await scene.change({ syncFlushTimeout: '1' })
    expect(await codes()).toContain('FLUSH_DISK_TIMEOUT')
  },

  async flushIntervalCommitLog() {
    const scene = await withTopic()
    const syncs = () => changesWhileSending(scene, 'sync /data/store/commitlog/', 20_000)
    expect(await syncs()).toBeGreaterThan(25)
    await scene.change({ flushIntervalCommitLog: '5000' })
    expect(await syncs()).toBeLessThan(8)
    await scene.change({ flushIntervalCommitLog: '500' })
    expect(await syncs()).toBeGreaterThan(25)
  },

  async flushIntervalConsumeQueue() {
    const scene = await withTopic()
    // Each look notes in the checkpoint how far queues and index are.
    const looks = () => changesWhileSending(scene, '/data/store/checkpoint', 20_000)
    expect(await looks()).toBeGreaterThan(15)
    await scene.change({ flushIntervalConsumeQueue: '10000' })
    expect(await looks()).toBeLessThan(6)
    await scene.change({ flushIntervalConsumeQueue: '1000' })
    expect(await looks()).toBeGreaterThan(15)
  },

  async flushConsumeQueueThoroughInterval() {
    const scene = await withTopic()
    const syncs = () => changesWhileSending(scene, 'sync /data/store/checkpoint', 50_000)
    expect(await syncs()).toBeLessThan(3)
    await scene.change({ flushConsumeQueueThoroughInterval: '5000' })
    expect(await syncs()).toBeGreaterThan(6)
  },

  async messageIndexEnable() {
    const scene = await withTopic()
    await scene.change({ messageIndexEnable: 'false' })
    await scene.broker.send({ topic: 'T', properties: { KEYS: 'without' } })
    await scene.change({ messageIndexEnable: 'true' })
    await scene.broker.send({ topic: 'T', properties: { KEYS: 'with' } })
    await scene.cluster.sleep(5000)
    expect(await foundByKey(scene, 'without', false)).toBe(0)
    expect(await foundByKey(scene, 'with', false)).toBe(1)
  },

  async cleanResourceInterval() {
    const scene = await withOldFiles({
      fileReservedTime: '1',
      diskMaxUsedSpaceRatio: '50',
      cleanResourceInterval: '3600000',
    })
    expect(await oldFilesGo(scene)).toBe(false)
    await scene.change({ cleanResourceInterval: '1000' })
    expect(await oldFilesGo(scene)).toBe(true)
  },
}
