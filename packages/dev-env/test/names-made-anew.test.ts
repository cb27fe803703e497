import { commands } from '@rocketmq-ts/protocol'
import { describe, expect, test, vi } from 'vitest'
import { ConsumerOffsetTable } from '../../broker/src/offsets/index.ts'
import { RemovedTopics } from '../../storage/src/queues/removed-topics.ts'
import { type BrokerCalls, PopConsumer, type PoppedMessage, startCluster } from '../src/index.ts'
import { unlessCrashed } from './unless-crashed.ts'

const seedCount = Number(process.env.NAMES_COUNT ?? 12)
const firstSeed = Number(process.env.NAMES_SEED ?? 1)
const livesPerRun = 5
const stepsPerLife = 30
const topic = 'T'
const [popGroup, pullGroup] = ['g', 'h']
const endings = ['kill', 'power', 'stop'] as const

interface Known {
  readonly topicCount: number
  isSent: boolean
  /** Somebody asked for it to be acknowledged, and has no answer. */
  isAsked: boolean
  /** By the group that was there then. */
  acknowledgedBy: number | undefined
}

/**
 * Lives of a broker in which a topic and a group are deleted and made anew, while messages are sent and consumed. What is
 * found must be of the topic that there is, and nothing of it may be passed by.
 * @returns what was wrong
 */
async function run(seed: number): Promise<string[]> {
  const cluster = await startCluster({ seed, brokerSettings: { flushDiskType: 'SYNC_FLUSH' } })
  const machine = cluster.brokers[0]!
  const { random } = cluster.simulation
  const faults: string[] = []
  const messages = new Map<string, Known>()
  let [topicCount, groupCount, committed] = [0, 0, 0]
  let [isTopicMade, isGroupDeleted] = [false, true]
  let held: PoppedMessage[] = []
  let hasLostPower = false
  const newBroker = (): BrokerCalls => cluster.newClient({ timeoutMs: 3000 }).broker(machine)
  const newConsumer = (): PopConsumer => new PopConsumer(newBroker(), machine.name, popGroup, topic)

  const makeTopic = async (): Promise<void> => {
    isTopicMade = false
    const broker = newBroker()
    await broker.ask(commands.deleteTopicInBroker, { topic })
    held = []
    await broker.createTopic(topic, 2)
    topicCount++
    committed = 0
    isTopicMade = true
  }
  const deleteGroup = async (): Promise<void> => {
    isGroupDeleted = false
    await newBroker().ask(commands.deleteSubscriptiongroup, { groupName: popGroup, cleanOffset: true })
    held = []
    groupCount++
    isGroupDeleted = true
  }
  const send = async (): Promise<void> => {
    const body = `${topicCount}-${messages.size}`
    const known: Known = { topicCount, isSent: false, isAsked: false, acknowledgedBy: undefined }
    messages.set(body, known)
    await newBroker().send({ topic, queueId: random.below(2), body })
    known.isSent = true
  }
  /** A failure of the power may take the note that a message has become visible again: then it does so twice. */
  const mayComeTwice = ({ reconsumeTimes }: PoppedMessage): boolean => reconsumeTimes > 0 && hasLostPower
  const given = (popped: readonly PoppedMessage[]): void => {
    for (const message of popped) {
      const body = String(message.body)
      const known = messages.get(body)!
      if (known.topicCount !== topicCount) faults.push(`${body} is of a topic that was deleted`)
      if (known.acknowledgedBy === groupCount && !mayComeTwice(message)) faults.push(`${body} came again`)
      held.push(message)
    }
  }
  const acknowledge = async (consumer: PopConsumer, message: PoppedMessage): Promise<void> => {
    held = held.filter((one) => one !== message)
    const known = messages.get(String(message.body))!
    const wasAsked = known.isAsked
    known.isAsked = true
    if ((await consumer.ack(message)) === 'SUCCESS') known.acknowledgedBy = groupCount
    known.isAsked = wasAsked
  }
  const commit = async (): Promise<void> => {
    const broker = newBroker()
    await broker.heartbeat([{ group: pullGroup, topics: { [topic]: '*' } }])
    const offset = await broker.maxOffset(topic, 0)
    committed = Math.max(committed, offset)
    await broker.commitOffset(pullGroup, topic, 0, offset)
  }
  const check = async (): Promise<void> => {
    const offset = (await newBroker().committedOffset(pullGroup, topic, 0)) ?? 0
    if (offset > committed) faults.push(`${pullGroup} is at ${offset}, and committed ${committed} of this topic`)
    for (const queueId of [0, 1]) {
      for (const { body } of await newBroker().readQueue(topic, queueId)) {
        if (messages.get(String(body))!.topicCount !== topicCount) faults.push(`${body} stands in another topic`)
      }
    }
  }
  const step = async (): Promise<void> => {
    const consumer = newConsumer()
    const choice = random.below(20)
    if (choice < 6) await send()
    else if (choice < 10) {
      const invisibleTime = random.pick([700, 3000, 9000])
      given((await consumer.pop({ maxMsgNums: 1 + random.below(6), invisibleTime })).messages)
    } else if (choice < 13) {
      for (const message of held.filter(() => random.oneIn(2))) await acknowledge(consumer, message)
    } else if (choice < 14) await commit()
    else if (choice < 15) await makeTopic()
    else if (choice < 16) await deleteGroup()
    else await cluster.sleep(random.pick([1, 300, 2000, 6000, 12_000]))
  }
  /** What a crash interrupted is done again: nobody knows how far it came. */
  const repeat = async (): Promise<void> => {
    if (!isTopicMade) await makeTopic()
    if (!isGroupDeleted) await deleteGroup()
  }

  await makeTopic()
  for (let life = 1; life < livesPerRun; life++) {
    const ending = random.pick(endings)
    hasLostPower ||= ending === 'power'
    if (ending === 'power') machine.losePowerAt(1 + random.below(random.pick([20, 100, 400])))
    for (let steps = 0; steps < stepsPerLife && machine.isAlive; steps++) {
      await unlessCrashed(async () => {
        await repeat()
        await step()
      })
    }
    if (ending === 'stop' && machine.isAlive) await machine.stop()
    else if (ending === 'power' && machine.isAlive) machine.powerLoss()
    else if (machine.isAlive) machine.kill()
    await cluster.sleep(random.below(random.pick([10, 4000])))
    await machine.startUntilUp()
    machine.losePowerAt(Number.POSITIVE_INFINITY)
    await repeat()
    await check()
  }
  const consumer = newConsumer()
  for (let quiet = 0; quiet < 4; ) {
    const popped = (await consumer.pop({ maxMsgNums: 32, invisibleTime: 30_000, pollTime: 4000 })).messages
    given(popped)
    for (const message of popped) await acknowledge(consumer, message)
    quiet = popped.length === 0 ? quiet + 1 : 0
  }
  for (const [body, known] of messages) {
    if (known.topicCount !== topicCount || !known.isSent || known.isAsked) continue
    if (known.acknowledgedBy !== groupCount) faults.push(`${body} was not given`)
  }
  return faults
}

test.each(Array.from({ length: seedCount }, (_, index) => firstSeed + index))(
  'what is made anew under a name has nothing of what was deleted, and is consumed whole (seed %i)',
  async (seed) => {
    expect(await run(seed)).toEqual([])
  },
)

describe('the runs find', () => {
  const firstFinding = async (): Promise<number | undefined> => {
    for (let seed = 1; seed <= 60; seed++) if ((await run(seed)).length > 0) return seed
    return undefined
  }

  test('that messages of a deleted topic come back', async () => {
    using _defect = vi.spyOn(RemovedTopics.prototype, 'endOf').mockReturnValue(0)
    expect(await firstFinding()).toBeDefined()
  })

  test('that what a deleted group was given counts for the next one', async () => {
    using _defect = vi.spyOn(ConsumerOffsetTable.prototype, 'wentElsewhereAt').mockReturnValue(0)
    expect(await firstFinding()).toBeDefined()
  })
})
