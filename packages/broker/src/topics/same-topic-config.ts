import type { TopicConfig } from '@rocketmq-ts/protocol'

/** Whether a change from one to the other would change nothing. */
export function sameTopicConfig(left: TopicConfig, right: TopicConfig): boolean {
  return (
    left.topicName === right.topicName &&
    left.readQueueNums === right.readQueueNums &&
    left.writeQueueNums === right.writeQueueNums &&
    left.perm === right.perm &&
    left.topicFilterType === right.topicFilterType &&
    left.topicSysFlag === right.topicSysFlag &&
    left.order === right.order &&
    sameEntries(left.attributes, right.attributes)
  )
}

function sameEntries(left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean {
  if (left.size !== right.size) return false
  for (const [key, value] of left) if (right.get(key) !== value) return false
  return true
}
