import { silentLog } from '@rocketmq-ts/platform'
import {
  CrashableFileSystem,
  type FuzzRow,
  fuzzRow,
  looseText,
  SteppedClock,
  sameValue,
} from '@rocketmq-ts/platform/test-kit'
import {
  BodyError,
  consumerOffsetsBody,
  newSubscriptionGroupConfig,
  newTopicConfig,
  type SubscriptionGroupTable,
  type TopicConfigTable,
} from '@rocketmq-ts/protocol'
import type { ConfigFile } from '@rocketmq-ts/storage'
import { DelayProgress } from '../../src/delay/delay-progress.ts'
import { formatGroupChange, parseGroupChange } from '../../src/groups/group-changes.ts'
import { groupFilePieces, readGroupFile } from '../../src/groups/group-file.ts'
import { ProducerLog } from '../../src/idempotence/producer-log.ts'
import type { KeptProducer } from '../../src/idempotence/producer-windows.ts'
import { ChangeJournal } from '../../src/kept/change-journal.ts'
import type { KeptFolder } from '../../src/kept/index.ts'
import { encodeLines } from '../../src/kept/journal-lines.ts'
import { LogEnds } from '../../src/offsets/log-ends.ts'
import { offsetFilePieces, readOffsetFile } from '../../src/offsets/offset-file.ts'
import { OffsetMap } from '../../src/offsets/offset-map.ts'
import { formatTopicChange, parseTopicChange } from '../../src/topics/topic-changes.ts'
import { readTopicFile, topicFilePieces } from '../../src/topics/topic-file.ts'
import { keptAt } from '../kept/config-kit.ts'

const version = { counter: 3, stateVersion: 0, timestamp: 1_700_000_000_000 }
const topics = new Map(
  [
    newTopicConfig('T'),
    newTopicConfig('订单', { perm: 2, order: true, attributes: new Map([['message.type', 'FIFO']]) }),
  ].map((topic) => [topic.topicName, topic]),
)
const groups = new Map(
  [
    newSubscriptionGroupConfig('g'),
    newSubscriptionGroupConfig('h', { brokerId: Number.MAX_SAFE_INTEGER, groupRetryPolicy: { type: 'EXPONENTIAL' } }),
  ].map((group) => [group.groupName, group]),
)
const forbidden = new Map([['g', new Map([['T', 4]])]])

/** A folder whose file holds a text, and whose reader's own errors come out: `ConfigFile` wraps them. */
function folderWith(text: string): KeptFolder {
  const load = <Value>(parse: (given: string) => Value): Value => parse(text)
  return {
    ...keptAt('/delayOffset.json', { clock: new SteppedClock() }),
    file: () => ({ load }) as unknown as ConfigFile,
  }
}

const topicText = (table: TopicConfigTable): string => [...topicFilePieces(table)].join('')
const groupText = (table: SubscriptionGroupTable): string => [...groupFilePieces(table)].join('')

function offsets(text: string): string {
  const loaded = readOffsetFile(text)
  const [committed, pulled] = [new OffsetMap(), new OffsetMap()]
  for (const [key, queues] of loaded.offsetTable ?? []) committed.load(key, queues)
  for (const [key, queues] of loaded.pullOffsetTable ?? []) pulled.load(key, queues)
  const [removedGroups, resetQueues] = [new LogEnds(), new LogEnds()]
  removedGroups.load(loaded.removedGroupTable)
  resetQueues.load(loaded.resetQueueTable)
  const dataVersion = loaded.dataVersion ?? version
  const tables = { dataVersion, removedGroups, resetQueues, offsets: committed, pullOffsets: pulled }
  return [...offsetFilePieces(tables)].join('')
}

const offsetTexts = [
  '{"dataVersion":{"counter":1,"stateVersion":0,"timestamp":2},"groupTopicMap":{"g":["T"]},"offsetTable":{"T@g":{0:1,1:9007199254740991}},"pullOffsetTable":{"%RETRY%g@g":{0:3}}}',
  '{"offsetTable":{}}',
  '{"removedGroupTable":{"g":100},"resetQueueTable":{"T@g@0":200},"offsetTable":{"T@g":{0:1}}}',
]

const nowMs = 1_700_000_000_000
const producerTexts = [
  `{"savedMs":${nowMs},"producers":[["p",${nowMs - 5},1,0,4,900,2,1,5,1800],\n["订单",${nowMs},9,3,0,0]]}`,
  `{"savedMs":${nowMs},"producers":[]}`,
  `{"savedMs":${nowMs},"producers":[["p",${nowMs}]]}`,
]

class RefusedFileError extends Error {}

/** What a broker knows of producers that starts with such a file. @throws RefusedFileError */
function producersOf(content: Buffer): KeptProducer[] {
  const disk = new CrashableFileSystem()
  disk.makeFolder('/config')
  const path = '/config/producerSequences.json'
  const file = disk.open(path, 'create')
  file.write(content, 0)
  file.close()
  const limits = { count: 8, producersMax: 4, silenceMsMax: () => 60_000 }
  const log = new ProducerLog({ fileSystem: disk, clock: new SteppedClock(nowMs), log: silentLog, path, limits })
  try {
    log.prepare()
  } catch (error) {
    if ((error as Error).name === 'DamagedFileError') throw new RefusedFileError((error as Error).message)
    throw error
  }
  return [...log.windows.kept()]
}

const journalPath = '/config/topics.journal'
const journalLines = (texts: readonly string[]): Buffer => encodeLines(texts).bytes
const shortJournal = journalLines(['v1', '{"a":1}', '{"b":"订单"}'])
const journalWithMarks = journalLines(['v0', '{"z":0}', '=v1', '{"a":1}', '=v2', '{"b":"订单"}'])

function journalWith(content: Buffer): { disk: CrashableFileSystem; journal: ChangeJournal } {
  const disk = new CrashableFileSystem()
  disk.makeFolder('/config')
  const file = disk.open(journalPath, 'create')
  file.write(content, 0)
  file.close()
  return { disk, journal: new ChangeJournal(disk, journalPath, silentLog) }
}

export const fileRows: readonly FuzzRow[] = [
  fuzzRow({
    name: 'topics.json',
    covers: ['readTopicFile'],
    grammar: 'json',
    refusals: [BodyError],
    seeds: () => [Buffer.from(topicText({ dataVersion: version, topicConfigTable: topics })), Buffer.from('{}')],
    decode: (input) => readTopicFile(looseText(input)),
    check(table) {
      if (!sameValue(readTopicFile(topicText(table)), table)) throw new Error('the topics do not come back')
    },
    cost: 2,
  }),
  fuzzRow({
    name: 'subscriptionGroup.json',
    covers: ['readGroupFile'],
    grammar: 'json',
    refusals: [BodyError],
    seeds: () => [
      Buffer.from(groupText({ dataVersion: version, subscriptionGroupTable: groups, forbiddenTable: forbidden })),
      Buffer.from('{}'),
    ],
    decode: (input) => readGroupFile(looseText(input)),
    check(table) {
      if (!sameValue(readGroupFile(groupText(table)), table)) throw new Error('the groups do not come back')
    },
    cost: 2,
  }),
  fuzzRow({
    name: 'consumerOffset.json',
    covers: ['readOffsetFile'],
    grammar: 'json',
    refusals: [BodyError],
    seeds: () => offsetTexts.map((text) => Buffer.from(text)),
    decode: (input) => offsets(looseText(input)),
    check(text) {
      if (offsets(text) !== text) throw new Error('the offsets do not come back')
    },
  }),
  fuzzRow({
    name: 'lmqConsumerOffset.json',
    grammar: 'json',
    refusals: [BodyError],
    seeds: () => [
      Buffer.from(
        '{\n\t"lmqOffsetTable":{\n\t\t"%LMQ%a@%LMQ%b":1,\n\t\t"%LMQ%c\\"@%LMQ%d":20\n\t},\n\t"offsetTable":{}\n}',
      ),
      Buffer.from('{"lmqOffsetTable":{"%LMQ%a@%LMQ%b":1}}'),
    ],
    decode: (input) => [looseText(input), [...readOffsetFile(looseText(input)).lightOffsets]] as const,
    check([text, entries]) {
      const whole = [...(consumerOffsetsBody.parse(text).lmqOffsetTable ?? [])]
      if (!sameValue(new Map(entries), new Map(whole))) throw new Error('read as JSON it says something else')
    },
  }),
  fuzzRow({
    name: 'delayOffset.json',
    grammar: 'json',
    refusals: [BodyError],
    seeds: () =>
      ['{"dataVersion":{"counter":1,"stateVersion":0,"timestamp":2},"offsetTable":{1:4,"18":9}}', '{}'].map((text) =>
        Buffer.from(text),
      ),
    decode: (input) => new DelayProgress({ config: folderWith(looseText(input)), flushIntervalMs: 1 }),
    check(progress) {
      for (const [, offset] of progress.entries()) {
        if (!Number.isSafeInteger(offset)) throw new Error(`${offset} is no offset`)
      }
    },
  }),
  fuzzRow({
    name: 'producerSequences.json',
    grammar: 'json',
    refusals: [RefusedFileError],
    seeds: () => producerTexts.map((text) => Buffer.from(text)),
    decode: (input) => producersOf(input),
    check(producers) {
      const again = producersOf(Buffer.from(JSON.stringify({ savedMs: nowMs, producers })))
      if (!sameValue(again, producers)) throw new Error('the producers do not come back')
      for (const [id, lastMs, ...messages] of producers) {
        if (typeof id !== 'string' || !Number.isFinite(lastMs)) throw new Error(`${id} ${lastMs} is no producer`)
        if (messages.length % 4 !== 0 || !messages.every((number) => Number.isSafeInteger(number) && number >= 0))
          throw new Error(`${messages} are no messages`)
      }
    },
    cost: 2,
  }),
  fuzzRow({
    name: 'journal of changes',
    covers: ['decodeLines'],
    words: ['\n', '\r\n', 'v1\n', '=v1\n', 'v2', '\u0000'],
    seeds: () => [
      Buffer.alloc(0),
      shortJournal,
      journalWithMarks,
      Buffer.concat([shortJournal, Buffer.from('0123')]),
      Buffer.from('v1\n'),
      journalLines(['v1']),
    ],
    decode(input) {
      const { disk, journal } = journalWith(input)
      return { disk, journal, changes: journal.read('v1') }
    },
    check({ disk, journal, changes }) {
      if (changes.some((change) => change.includes('\n'))) throw new Error('a change has several lines')
      journal.append('{"next":1}')
      journal.close()
      const again = new ChangeJournal(disk, journalPath, silentLog).read('v1')
      if (!sameValue(again, [...changes, '{"next":1}']))
        throw new Error(`the changes do not come back: ${JSON.stringify(again)}`)
    },
  }),
  fuzzRow({
    name: 'change of topics in a journal',
    covers: ['parseTopicChange'],
    grammar: 'json',
    refusals: [BodyError],
    seeds: () =>
      [
        { dataVersion: version, set: [...topics.values()], removed: ['old'] },
        { dataVersion: { ...version, timestamp: Number.MAX_SAFE_INTEGER }, set: [], removed: [] },
      ].map((change) => Buffer.from(formatTopicChange(change))),
    decode: (input) => parseTopicChange(looseText(input)),
    check(change) {
      if (!sameValue(parseTopicChange(formatTopicChange(change)), change))
        throw new Error('the change does not come back')
      for (const name of change.removed) if (typeof name !== 'string') throw new Error('what is removed has no name')
    },
  }),
  fuzzRow({
    name: 'change of groups in a journal',
    covers: ['parseGroupChange'],
    grammar: 'json',
    refusals: [BodyError],
    seeds: () =>
      [
        { dataVersion: version, set: [...groups.values()], removed: ['old'], forbidden },
        { dataVersion: version, set: [], removed: [], forbidden: new Map() },
      ].map((change) => Buffer.from(formatGroupChange(change))),
    decode: (input) => parseGroupChange(looseText(input)),
    check(change) {
      if (!sameValue(parseGroupChange(formatGroupChange(change)), change))
        throw new Error('the change does not come back')
      for (const name of change.removed) if (typeof name !== 'string') throw new Error('what is removed has no name')
      for (const bits of [...change.forbidden.values()].flatMap((table) => [...table.values()])) {
        if (!Number.isInteger(bits)) throw new Error(`${bits} are no bits`)
      }
    },
  }),
]
