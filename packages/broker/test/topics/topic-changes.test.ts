import { BodyError, newTopicConfig } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { formatTopicChange, parseTopicChange, type TopicChange } from '../../src/topics/topic-changes.ts'

describe('a change of topics in a journal', () => {
  test('comes back with the largest numbers that there are', () => {
    const change: TopicChange = {
      dataVersion: { counter: Number.MAX_SAFE_INTEGER, stateVersion: 0, timestamp: Number.MIN_SAFE_INTEGER },
      set: [newTopicConfig('T', { attributes: new Map([['__proto__', 'a']]) })],
      removed: ['constructor'],
    }
    expect(parseTopicChange(formatTopicChange(change))).toEqual(change)
  })

  test.each([
    ['null', 'null'],
    ['no JSON', '{"dataVersion":{}'],
    ['a list', '[]'],
    ['without anything', '{}'],
    ['without what was set', '{"dataVersion":{},"removed":[]}'],
    ['with one topic where a list is meant', '{"dataVersion":{},"set":{"topicName":"T"},"removed":[]}'],
    ['with a topic that has no name', '{"dataVersion":{},"set":[{}],"removed":[]}'],
    ['with a removed topic that is no text', '{"dataVersion":{},"set":[],"removed":[1]}'],
  ])('that is %s is refused with a BodyError', (_, line) => {
    expect(() => parseTopicChange(line)).toThrow(BodyError)
  })
})
