import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GroupSetup, TopicSetup } from '../rows/row.ts'

/** The text of a broker's `config/topics.json` with these topics. */
export function topicsText(setups: readonly TopicSetup[], nowMs: number): string {
  const topicConfigTable: Record<string, unknown> = {}
  for (const { name, count, queues, attributes = {} } of setups) {
    for (let index = 0; index < count; index++) {
      const topicName = count === 1 ? name : `${name}${index}`
      topicConfigTable[topicName] = {
        attributes,
        order: false,
        perm: 6,
        readQueueNums: queues,
        topicFilterType: 'SINGLE_TAG',
        topicName,
        topicSysFlag: 0,
        writeQueueNums: queues,
      }
    }
  }
  return JSON.stringify({ dataVersion: { counter: 1, stateVersion: 0, timestamp: nowMs }, topicConfigTable })
}

/** The text of a broker's `config/subscriptionGroup.json` with these groups. */
export function groupsText(setups: readonly GroupSetup[], nowMs: number): string {
  const subscriptionGroupTable: Record<string, unknown> = {}
  for (const { name, attributes } of setups) {
    subscriptionGroupTable[name] = {
      attributes,
      brokerId: 0,
      consumeBroadcastEnable: true,
      consumeEnable: true,
      consumeFromMinEnable: true,
      consumeMessageOrderly: false,
      consumeTimeoutMinute: 15,
      groupName: name,
      groupSysFlag: 0,
      notifyConsumerIdsChangedEnable: true,
      retryMaxTimes: 16,
      retryQueueNums: 1,
      whichBrokerWhenConsumeSlowly: 1,
    }
  }
  const dataVersion = { counter: 1, stateVersion: 0, timestamp: nowMs }
  return JSON.stringify({ dataVersion, forbiddenTable: {}, subscriptionGroupTable })
}

/** Puts topics and groups into the store of a broker that does not run yet, which takes no time even for 100,000. */
export function writeTopics(
  storeFolder: string,
  setups: readonly TopicSetup[],
  groups: readonly GroupSetup[] = [],
): void {
  const folder = join(storeFolder, 'config')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'topics.json'), topicsText(setups, Date.now()))
  if (groups.length > 0) writeFileSync(join(folder, 'subscriptionGroup.json'), groupsText(groups, Date.now()))
}
