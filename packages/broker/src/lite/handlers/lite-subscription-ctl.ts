import {
  type commands,
  type LiteOffsetOption,
  type LiteSubscriptionChange,
  liteQueueOf,
  liteSubscriptionsBody,
  liteTopicProblem,
  ProtocolError,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { StepwiseJobs } from '../../loop-share.ts'
import type { LiteRules } from '../lite-rules.ts'
import type { LiteClientName, LiteLink, LiteSubscriptions } from '../lite-subscriptions.ts'

export interface LiteSubscriptionCtlParts {
  rules: LiteRules
  subscriptions: LiteSubscriptions
  /** Changes of subscriptions, those of a client one after the other. */
  changes: Pick<StepwiseJobs, 'run'>
  offsets: {
    checkRoom(group: string, topic: string): void
    hasRoom(group: string, topic: string): boolean
    readonly lightResetCount: number
    lightResetsConfirmed(flushMode: 'SYNC_FLUSH' | 'ASYNC_FLUSH'): Promise<void>
  }
  settings(): { flushDiskType: 'SYNC_FLUSH' | 'ASYNC_FLUSH' }
  /** A group goes on elsewhere in a light queue. */
  reset(group: string, queue: string, option: LiteOffsetOption): void
}

/** LITE_SUBSCRIPTION_CTL: changes of the lite topics that clients, each in the name of a group, subscribe to. */
export function liteSubscriptionCtl(parts: LiteSubscriptionCtlParts): Handler<typeof commands.liteSubscriptionCtl> {
  return async (_header, call) => {
    if (call.body.length === 0) throw new ProtocolError('ILLEGAL_OPERATION', 'Request body is null.')
    const { subscriptionSet } = liteSubscriptionsBody.decode(call.body)
    if (subscriptionSet.length === 0) {
      throw new ProtocolError('ILLEGAL_OPERATION', 'LiteSubscriptionCtlRequestBody is empty.')
    }
    const { changes, offsets, settings } = parts
    const { lightResetCount } = offsets
    const clientIds = subscriptionSet.map(({ clientId = '' }) => clientId)
    await changes.run(clientIds, function* () {
      for (const change of subscriptionSet) yield* apply(change, call.connection, parts)
    })
    // Those of others may be among them.
    if (offsets.lightResetCount > lightResetCount) await offsets.lightResetsConfirmed(settings().flushDiskType)
    return {}
  }
}

/** Names that are looked at in one step. */
const namesAtOnce = 500

function* apply(change: LiteSubscriptionChange, link: LiteLink, parts: LiteSubscriptionCtlParts): Generator<unknown> {
  const { subscriptions, rules } = parts
  const { action, liteTopicSet, offsetOption } = change
  const name = named(change)
  // RocketMQ passes by what names nobody.
  if (name === undefined || action === undefined) return
  if (action === 'COMPLETE_REMOVE') {
    yield* subscriptions.removeAll(name.clientId)
    return
  }
  const queues = new Set<string>()
  for (const [index, liteTopic] of liteTopicSet.entries()) {
    queues.add(queueOf(name.topic, liteTopic))
    if ((index + 1) % namesAtOnce === 0) yield
  }
  if (action === 'PARTIAL_REMOVE') {
    yield* subscriptions.remove(name, queues, link)
    return
  }
  if (!rules.mayConsume(name.group)) {
    const remark = `Consumer group is not allowed to consume: ${name.group} does not exist, or its consumeEnable is off`
    throw new ProtocolError('ILLEGAL_OPERATION', remark)
  }
  if (action === 'COMPLETE_ADD') {
    yield* subscriptions.replace(name, queues, link)
    return
  }
  if (offsetOption !== undefined) {
    let lookedAt = 0
    for (const queue of queues) {
      parts.offsets.checkRoom(name.group, queue)
      if (++lookedAt % namesAtOnce === 0) yield
    }
  }
  let failure: unknown
  yield* subscriptions.add(name, queues, link, (queue) => {
    if (offsetOption === undefined || !parts.offsets.hasRoom(name.group, queue)) return
    try {
      parts.reset(name.group, queue, offsetOption)
    } catch (error) {
      // One that is damaged does not keep the others.
      failure ??= error
    }
  })
  if (failure !== undefined) throw failure
}

/** What names a client is kept as long as its subscriptions. */
const nameCharactersMax = 255

function named({ clientId, group, topic }: LiteSubscriptionChange): LiteClientName | undefined {
  const isBlank = (text: string | undefined): boolean => text === undefined || text.trim() === ''
  if (isBlank(clientId) || isBlank(group) || isBlank(topic)) return undefined
  for (const text of [clientId!, topic!]) {
    if (text.length <= nameCharactersMax) continue
    const remark = `clientId or topic has ${text.length} characters: give at most ${nameCharactersMax}`
    throw new ProtocolError('ILLEGAL_OPERATION', remark)
  }
  return { clientId: clientId!, group: group!, topic: topic! }
}

function queueOf(topic: string, liteTopic: string): string {
  const problem = liteTopicProblem(liteTopic)
  if (problem !== undefined) throw new ProtocolError('ILLEGAL_OPERATION', problem)
  return liteQueueOf(topic, liteTopic)
}
