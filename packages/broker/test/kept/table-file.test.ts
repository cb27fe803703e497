import {
  formatConfigJson,
  newSubscriptionGroupConfig,
  newTopicConfig,
  subscriptionGroupTableBody,
  topicConfigTableBody,
} from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { groupFilePieces } from '../../src/groups/group-file.ts'
import { topicFilePieces } from '../../src/topics/topic-file.ts'

const dataVersion = { counter: 3, stateVersion: 0, timestamp: 1_700_000_000_000 }

test.each([[[]], [['A']], [['A', 'B"', '订单']]])(
  'the pieces of topics.json with %j are the layout of configuration files',
  (names) => {
    const topics = names.map((name) => newTopicConfig(name, { attributes: new Map([['message.type', 'FIFO']]) }))
    const table = { dataVersion, topicConfigTable: new Map(topics.map((topic) => [topic.topicName, topic])) }
    expect([...topicFilePieces(table)].join('')).toBe(formatConfigJson(topicConfigTableBody.toWritable(table)))
  },
)

test.each([[[]], [['A', 'B']]])(
  'the pieces of subscriptionGroup.json with %j are the layout of configuration files',
  (names) => {
    const table = {
      dataVersion,
      subscriptionGroupTable: new Map(names.map((name) => [name, newSubscriptionGroupConfig(name)])),
      forbiddenTable: new Map(
        names.map((name) => [
          name,
          new Map([
            ['T', 4],
            ['U', 4],
          ]),
        ]),
      ),
    }
    expect([...groupFilePieces(table)].join('')).toBe(formatConfigJson(subscriptionGroupTableBody.toWritable(table)))
  },
)

test('pieces are of the table as it was when they were asked for', () => {
  const forbiddenTable = new Map([['g', new Map([['T', 4]])]])
  const table = {
    dataVersion,
    forbiddenTable,
    subscriptionGroupTable: new Map([['g', newSubscriptionGroupConfig('g')]]),
  }
  const before = [...groupFilePieces(table)].join('')
  const pieces = groupFilePieces(table)
  forbiddenTable.get('g')!.set('U', 4)
  table.subscriptionGroupTable.delete('g')
  expect([...pieces].join('')).toBe(before)
})
