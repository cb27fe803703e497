export const retryTopicPrefix = '%RETRY%'
export const deadLetterTopicPrefix = '%DLQ%'
export const scheduleTopic = 'SCHEDULE_TOPIC_XXXX'
/** The topic whose settings new topics take over, and whose route stands in for theirs until they exist. */
export const defaultTopic = 'TBW102'

export function retryTopicOf(group: string): string {
  return retryTopicPrefix + group
}

export function deadLetterTopicOf(group: string): string {
  return deadLetterTopicPrefix + group
}

/** Permission bits of topics and brokers. */
export const permission = { inherit: 1, write: 2, read: 4, priority: 8 } as const
