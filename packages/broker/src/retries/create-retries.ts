import type { Random } from '@rocketmq-ts/platform'
import type { GroupTable } from '../groups/index.ts'
import type { Identity } from '../identity.ts'
import { Intake, type MessageSink } from '../intake/intake.ts'
import type { TimerDecision } from '../intake/transforms.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { BrokerStatistics } from '../statistics/index.ts'
import type { TopicTable } from '../topics/index.ts'
import type { Traces } from '../traces/create-traces.ts'
import { consumerSendMsgBack } from './handlers/consumer-send-msg-back.ts'

export interface RetriesParts {
  random: Random
  identity: Identity
  settings(): BrokerSettings
  sink: MessageSink
  store: { recordAt(physicalOffset: number): Promise<Buffer | undefined> }
  topics: TopicTable
  groups: GroupTable
  counters: BrokerStatistics
  traces: Pick<Traces, 'stored'>
  timer: TimerDecision
}

/** Giving a group messages once more that it could not handle, and keeping those that it never could. */
export function createRetries(parts: RetriesParts) {
  const { random, identity, settings, sink, store, topics, groups, counters, traces, timer } = parts
  const { storeHost, storeHostHex } = identity
  return {
    handlers: {
      consumerSendMsgBack: consumerSendMsgBack({
        random,
        topics,
        groups,
        store,
        sink,
        storeHost,
        storeHostHex,
        brokerPermission: () => settings().brokerPermission,
        intake: new Intake('send-back', { topics, highestDelayLevel: settings().messageDelayLevel.length, timer }),
        traces,
        onSentBack: (group, topic) => counters.sentBack(group, topic),
        onDeadLetter: (group, topic) => counters.deadLettered(group, topic),
      }),
    },
  }
}
