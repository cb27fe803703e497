import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TopicSetup } from '../rows/row.ts'

/** The text of a broker's `config/topics.json` with these topics. */
export function topicsText(setups: readonly TopicSetup[], nowMs: number): string {
  const topicConfigTable: Record<string, unknown> = {}
  for (const { name, count, queues } of setups) {
    for (let index = 0; index < count; index++) {
      const topicName = count === 1 ? name : `${name}${index}`
      topicConfigTable[topicName] = {
        attributes: {},
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

/** Puts topics into the store of a broker that does not run yet, which takes no time even for 100,000. */
export function writeTopics(storeFolder: string, setups: readonly TopicSetup[]): void {
  const folder = join(storeFolder, 'config')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'topics.json'), topicsText(setups, Date.now()))
}
