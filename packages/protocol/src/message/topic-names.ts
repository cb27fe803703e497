export const retryTopicPrefix = '%RETRY%'
export const deadLetterTopicPrefix = '%DLQ%'
export const scheduleTopic = 'SCHEDULE_TOPIC_XXXX'
/** Messages of transactions that have not ended: half messages. */
export const halfTopic = 'RMQ_SYS_TRANS_HALF_TOPIC'
/** Which half messages have ended. */
export const opHalfTopic = 'RMQ_SYS_TRANS_OP_HALF_TOPIC'
/** Half messages that were given up after too many questions to their producers. */
export const transactionChecksOverTopic = 'TRANS_CHECK_MAX_TIME_TOPIC'
/** Messages that wait for a time of delivery that their senders chose. */
export const timerTopic = 'rmq_sys_wheel_timer'
/** The group in whose name brokers keep how far they are in the queues of transactions. */
export const transactionGroup = 'CID_RMQ_SYS_TRANS'
/** Reads what POP keeps in the revive topic. */
export const reviveGroup = 'CID_RMQ_SYS_REVIVE_GROUP'
/** The topic whose settings new topics take over, and whose route stands in for theirs until they exist. */
export const defaultTopic = 'TBW102'

/** Names of light queues begin with it, and so do those of groups that read one light queue each. */
export const lightQueuePrefix = '%LMQ%'
/** The only queue of a light queue's name. */
export const lightQueueId = 0

export function isLightQueue(name: string): boolean {
  return name.startsWith(lightQueuePrefix)
}

const brokersOwnTopic = /^rmq_sys_/i

/**
 * Whether a message of a topic stands in the light queues that it names too. One that waits for its time or for the end
 * of its transaction does once it has come to its topic; one that a group is given again, or has given up, was there.
 */
export function fillsLightQueues(topic: string): boolean {
  return !(
    topic.startsWith(retryTopicPrefix) ||
    topic.startsWith(deadLetterTopicPrefix) ||
    topic === scheduleTopic ||
    topic === transactionChecksOverTopic ||
    brokersOwnTopic.test(topic)
  )
}

export function retryTopicOf(group: string): string {
  return retryTopicPrefix + group
}

export function deadLetterTopicOf(group: string): string {
  return deadLetterTopicPrefix + group
}

/** Permission bits of topics and brokers. */
export const permission = { inherit: 1, write: 2, read: 4, priority: 8 } as const

/** Where a cluster's brokers keep what POP gave out and what was acknowledged. */
export function reviveTopicOf(clusterName: string): string {
  return `rmq_sys_REVIVE_LOG_${clusterName}`
}
