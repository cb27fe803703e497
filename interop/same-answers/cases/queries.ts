import { type Case, differs, type Step } from '../case.ts'
import { eventually, makeTopic, request, send } from '../steps.ts'

type Fields = Record<string, string | number | boolean | undefined>

const query = (topic: string, key: string, fields: Fields = {}): Step =>
  request(
    `query ${key} ${JSON.stringify(fields)}`,
    12,
    { topic, key, maxNum: 32, beginTimestamp: 0, endTimestamp: 4_000_000_000_000, ...fields },
    { answer: 'records' },
  )

const unique = (topic: string, key: string, fields: Fields = {}): Step =>
  query(topic, key, { _UNIQUE_KEY_QUERY: true, ...fields })

const bodyOf = (body: string) => ({ body })

const found = (step: Step, body: string): Step => eventually(step, (text) => text.includes(body))

export const queryCases: readonly Case[] = [
  {
    title: 'a key that stands in KEYS more than once',
    steps: [
      makeTopic('KeyTwice'),
      send('KeyTwice', { body: 'twice', properties: { KEYS: 'k k', UNIQ_KEY: 'id-1' } }),
      send('KeyTwice', { body: 'thrice', properties: { KEYS: 'k k other k', UNIQ_KEY: 'id-2' } }),
      send('KeyTwice', { body: 'once', properties: { KEYS: ' k  ', UNIQ_KEY: 'id-3' } }),
      send('KeyTwice', { body: 'as its id', properties: { KEYS: 'id-4 k', UNIQ_KEY: 'id-4' } }),
      send('KeyTwice', { body: 'last', properties: { KEYS: 'last', UNIQ_KEY: 'id-5' } }),
      found(query('KeyTwice', 'last'), '"last"'),
      differs(query('KeyTwice', 'k'), {
        reason: 'a message is told once, however often it names the key',
        official: { body: ['twice', 'twice', 'thrice', 'thrice', 'thrice', 'once', 'as its id'].map(bodyOf) },
        ours: { body: ['twice', 'thrice', 'once', 'as its id'].map(bodyOf) },
      }),
      query('KeyTwice', 'k', { maxNum: 2 }),
      query('KeyTwice', 'k', { maxNum: 1 }),
      query('KeyTwice', 'other'),
      query('KeyTwice', ''),
      query('KeyTwice', 'k k'),
    ],
  },
  {
    title: 'several messages with one unique id',
    steps: [
      makeTopic('IdTwice', { readQueueNums: 2, writeQueueNums: 2 }),
      send('IdTwice', { body: 'first', properties: { UNIQ_KEY: 'same' } }),
      send('IdTwice', { body: 'second', properties: { UNIQ_KEY: 'same' }, fields: { queueId: 1 } }),
      send('IdTwice', { body: 'third', properties: { UNIQ_KEY: 'same', KEYS: 'other' } }),
      send('IdTwice', { body: 'last', properties: { UNIQ_KEY: 'last' } }),
      found(unique('IdTwice', 'last'), '"last"'),
      unique('IdTwice', 'same'),
      unique('IdTwice', 'same', { maxNum: 1 }),
      query('IdTwice', 'same'),
      query('IdTwice', 'same', { maxNum: 1 }),
      query('IdTwice', 'same', { maxNum: 2 }),
      query('IdTwice', 'same', { maxNum: 0 }),
      query('IdTwice', 'same', { maxNum: -1 }),
      query('IdTwice', 'same', { _UNIQUE_KEY_QUERY: false }),
      query('IdTwice', 'same', { indexType: 'U' }),
      query('IdTwice', 'same', { indexType: 'K' }),
      query('IdTwice', 'same', { indexType: 'T' }),
      query('IdTwice', 'same', { indexType: 'X' }),
    ],
  },
  {
    title: 'queries within a time',
    steps: [
      makeTopic('QueryTime'),
      send('QueryTime', { body: 'timed', properties: { KEYS: 'k', UNIQ_KEY: 'timed-id' } }),
      found(query('QueryTime', 'k'), 'timed'),
      query('QueryTime', 'k', { beginTimestamp: 4_000_000_000_000, endTimestamp: 4_000_000_000_001 }),
      query('QueryTime', 'k', { beginTimestamp: 0, endTimestamp: 1 }),
      query('QueryTime', 'k', { beginTimestamp: 1, endTimestamp: 0 }),
      query('QueryTime', 'k', { endTimestamp: '9223372036854775807' }),
      unique('QueryTime', 'timed-id', { beginTimestamp: 0, endTimestamp: 1 }),
      unique('QueryTime', 'none'),
      query('QueryTimeNone', 'k'),
    ],
  },
  {
    title: 'queries by tag',
    steps: [
      makeTopic('QueryTag'),
      send('QueryTag', { body: 'tagged', properties: { TAGS: 'tag', KEYS: 'key', UNIQ_KEY: 'tagged-id' } }),
      found(query('QueryTag', 'key'), 'tagged'),
      query('QueryTag', 'tag', { indexType: 'T' }),
      query('QueryTag', 'tag'),
      query('QueryTag', 'key', { indexType: 'T' }),
    ],
  },
]
