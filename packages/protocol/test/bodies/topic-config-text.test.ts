import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyError, formatTopicConfigText, newTopicConfig, parseTopicConfigText } from '../../src/bodies/index.ts'

const config = newTopicConfig('T1', { readQueueNums: 4, writeQueueNums: 8 })

describe('the text of a topic', () => {
  test('is the one the official jars write', () => {
    expect(formatTopicConfigText(config)).toBe('T1 4 8 6 SINGLE_TAG {}')
    const attributes = new Map([['message.type', 'NORMAL']])
    expect(formatTopicConfigText({ ...config, attributes })).toBe('T1 4 8 6 SINGLE_TAG {"message.type":"NORMAL"}')
  })

  test.each([
    ['T1 4 8 6 SINGLE_TAG', {}],
    ['T1 4 8 6 SINGLE_TAG x', {}],
    ['T1 4 8 6 SINGLE_TAG null', {}],
    ['T1 4 8 6 SINGLE_TAG  {}', {}],
    ['T1 4 8 6 SINGLE_TAG {"a":"b"} more', { a: 'b' }],
    ['T1 4 8 6 SINGLE_TAG {"a":"b\\u0020c"}', { a: 'b c' }],
  ])('%j is read as the Java peers read it', (text, attributes) => {
    expect(parseTopicConfigText(text)).toEqual({ ...config, attributes: new Map(Object.entries(attributes)) })
  })

  test.each([
    ['T1 4 8 6', /5 parts/],
    ['', /5 parts/],
    [' 4 8 6 SINGLE_TAG', /topicName is empty/],
    ['T1 x 8 6 SINGLE_TAG', /readQueueNums must be an integer/],
    ['T1 4 4294967296 6 SINGLE_TAG', /writeQueueNums must be an integer/],
    ['T1 4 8 6 BOTH_TAGS', /topicFilterType must be/],
  ])('%j is refused', (text, message) => {
    expect(() => parseTopicConfigText(text)).toThrow(BodyError)
    expect(() => parseTopicConfigText(text)).toThrow(message)
  })

  test('refuses a name that would be read as two parts', () => {
    expect(() => formatTopicConfigText({ ...config, topicName: 'a b' })).toThrow(/topicName must have no blank/)
  })

  test('is undone by reading, blanks in attributes included', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '订', '{', '\t') })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (entries) => {
        const given = { ...config, attributes: new Map(entries) }
        expect(parseTopicConfigText(formatTopicConfigText(given))).toEqual(given)
      }),
    )
  })
})
