import type { Clock, Random } from '@rocketmq-ts/platform'
import { createUniqueIdGenerator } from '@rocketmq-ts/protocol'
import { compactedBytesMax } from '@rocketmq-ts/storage'
import type { GroupTable } from '../groups/index.ts'
import type { SendOnce } from '../idempotence/send-once.ts'
import type { Identity } from '../identity.ts'
import { Intake, type MessageSink } from '../intake/intake.ts'
import type { TimerDecision } from '../intake/transforms.ts'
import type { QueueLocks } from '../locks/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { TopicTable } from '../topics/index.ts'
import { BrokerProperties } from './broker-properties.ts'
import { sendBatchMessage } from './handlers/send-batch-message.ts'
import { sendMessage } from './handlers/send-message.ts'
import { sendMessageV2 } from './handlers/send-message-v2.ts'
import { sendLookAhead } from './send-look-ahead.ts'
import type { SendParts } from './send-parts.ts'

export interface SendingParts {
  clock: Clock
  random: Random
  processId: number
  identity: Identity
  settings(): BrokerSettings
  sink: MessageSink & Pick<SendParts, 'putWhole'>
  topics: TopicTable
  groups: GroupTable
  sendOnce: SendOnce | undefined
  timer: TimerDecision
  locks: Pick<QueueLocks, 'hasLocks'>
  whenRegistered: SendParts['whenRegistered']
}

/** Taking messages from producers. */
export function createSending(parts: SendingParts) {
  const { clock, random, processId, identity, settings, sink, topics, groups, sendOnce, timer, locks } = parts
  const { storeHost, storeHostHex, clusterName, brokerName } = identity
  const intakeParts = {
    topics,
    highestDelayLevel: settings().messageDelayLevel.length,
    timer,
    bodyBytesMax: () => settings().maxMessageSize,
  }
  const send: SendParts = {
    sink,
    whenRegistered: parts.whenRegistered,
    putWhole: (batch, count, done) => sink.putWhole(batch, count, done),
    sendOnce,
    clock,
    random,
    topics,
    groups,
    locks,
    settings,
    brokerPermission: () => settings().brokerPermission,
    storeHost,
    storeHostHex,
    compactedBytesMax: compactedBytesMax(settings().compactionMappedFileSize, settings().compactionCqMappedFileSize),
    brokerName,
    brokerProperties: new BrokerProperties(clusterName),
    intake: new Intake('send', intakeParts),
    batchIntake: new Intake('batch', intakeParts),
    uniqueId: createUniqueIdGenerator(
      { address: storeHost.subarray(0, -4), processId, instanceHash: random.below(2 ** 32) },
      () => clock.now(),
    ),
  }
  return {
    /** For other features that take messages from clients. */
    parts: send,
    lookAhead: sendLookAhead(topics),
    /** Makes a unique id for a message of the broker's own. */
    uniqueId: send.uniqueId,
    handlers: {
      sendMessage: sendMessage(send),
      sendMessageV2: sendMessageV2(send),
      sendBatchMessage: sendBatchMessage(send),
    },
  }
}
