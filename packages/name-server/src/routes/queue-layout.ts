import type { QueueData } from '@rocketmq-ts/protocol'

/** A topic's queues on one broker name. Equal topics share an instance: never change one. */
export type QueueLayout = Readonly<Omit<QueueData, 'brokerName'>>

const writeBit = 2
const readBit = 4
const shared = new Map<string, QueueLayout>()
/** Clusters have fewer kinds of layouts. Further ones are correct, but not shared. */
const sharedMax = 10_000

/**
 * The shared instance for these numbers. A cluster has many topics and few kinds of layouts, so a topic costs its name
 * and a reference.
 */
export function queueLayout(layout: QueueLayout): QueueLayout {
  const { readQueueNums, writeQueueNums, perm, topicSysFlag } = layout
  const key = `${readQueueNums} ${writeQueueNums} ${perm} ${topicSysFlag}`
  const known = shared.get(key)
  if (known !== undefined) return known
  const made = Object.freeze({ readQueueNums, writeQueueNums, perm, topicSysFlag })
  if (shared.size < sharedMax) shared.set(key, made)
  return made
}

export function isWritable(layout: QueueLayout): boolean {
  return (layout.perm & writeBit) !== 0
}

export function withoutWriting(layout: QueueLayout): QueueLayout {
  return isWritable(layout) ? queueLayout({ ...layout, perm: layout.perm & ~writeBit }) : layout
}

/** Sets the permission to exactly readable and writable, as RocketMQ does. */
export function withWriting(layout: QueueLayout): QueueLayout {
  return queueLayout({ ...layout, perm: readBit | writeBit })
}
