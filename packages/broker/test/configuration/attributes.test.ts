import { ProtocolError } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alteredAttributes, parseAttributeChanges, topicAttributeKinds } from '../../src/configuration/index.ts'

function remarkOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 1) return error.message
    throw error
  }
  return 'accepted'
}

function alter(current: Record<string, string> | undefined, changes: string): Record<string, string> {
  const before = current && new Map(Object.entries(current))
  return Object.fromEntries(alteredAttributes(topicAttributeKinds, before, parseAttributeChanges(changes)))
}

describe('attribute changes', () => {
  test.each([
    ['message.type=FIFO', 'add/alter attribute format is wrong: message.type'],
    ['-message.type=1', 'add/alter attribute format is wrong: -message.type'],
    ['+message.type', 'delete attribute format is wrong: +message.type'],
    ['+message.type=NORMAL,+message.type=FIFO', 'key duplication: +message.type'],
  ])('the text %s is refused as the official broker refuses it', (text, remark) => {
    expect(remarkOf(() => parseAttributeChanges(text))).toBe(remark)
  })

  test.each([
    ['+foo=bar', 'unsupported key: foo'],
    ['-foo', 'attempt to delete a nonexistent key: foo'],
    ['+cleanup.policy=COMPACTION', 'attempt to update an unchangeable attribute. key: cleanup.policy'],
    ['+reserve.time=-2', 'value is not in range(-1, 9223372036854775807)'],
    ['+reserve.time=abc', 'For input string: "abc"'],
    ['+lite.topic.expiration=50000', 'value is not in range(-1, 43200)'],
    ['+message.type=XX', 'value is not in set: [UNSPECIFIED, MIXED, TRANSACTION, PRIORITY, FIFO, DELAY, LITE, NORMAL]'],
  ])('the change %s of a topic is refused as the official broker refuses it', (changes, remark) => {
    expect(remarkOf(() => alter({}, changes))).toBe(remark)
  })

  test('nothing can be deleted while a topic is created, and everything known can be set', () => {
    expect(remarkOf(() => alter(undefined, '-message.type'))).toBe(
      'only add attribute is supported while creating topic. key: message.type',
    )
    expect(alter(undefined, '+cleanup.policy=DELETE,+queue.type=SimpleCQ,+reserve.time=100')).toEqual({
      'cleanup.policy': 'DELETE',
      'queue.type': 'SimpleCQ',
      'reserve.time': '100',
    })
  })

  test.each(['UNSPECIFIED', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'MIXED', 'LITE'])(
    'may make a topic one of type %s',
    (type) => {
      expect(alter(undefined, `+message.type=${type}`)).toEqual({ 'message.type': type })
    },
  )

  test('leave alone what they do not name', () => {
    expect(alter({ 'message.type': 'FIFO', 'reserve.time': '5' }, '+message.type=DELAY')).toEqual({
      'message.type': 'DELAY',
      'reserve.time': '5',
    })
    expect(alter({ 'message.type': 'FIFO', 'reserve.time': '5' }, '-reserve.time')).toEqual({ 'message.type': 'FIFO' })
    expect(alter({ 'message.type': 'FIFO' }, '')).toEqual({ 'message.type': 'FIFO' })
  })

  test('of any text are read or refused, never half of it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const remark = remarkOf(() => parseAttributeChanges(text))
        return (
          remark !== '' &&
          (remark !== 'accepted' || [...parseAttributeChanges(text).keys()].every((key) => /^[+-]/.test(key)))
        )
      }),
    )
  })
})
