import type { Case } from '../case.ts'
import { eventually, heartbeat, makeGroup, makeTopic, pull, send, sendBack, sendV2, topicConfig } from '../steps.ts'

const unit = { consumerFields: { unitMode: true } }
const all = { subString: '*', codeSet: [] }

export const unitCases: readonly Case[] = [
  {
    title: 'topics that producers of a unit send to',
    steps: [
      sendV2('UnitNew', { fields: { k: true } }),
      topicConfig('UnitNew'),
      send('UnitNewLong', { fields: { unitMode: true } }),
      topicConfig('UnitNewLong'),
      sendV2('UnitNewNot', { fields: { k: false } }),
      topicConfig('UnitNewNot'),
      sendV2('UnitNewNot', { fields: { k: true } }),
      topicConfig('UnitNewNot'),
      makeTopic('UnitMade', { topicSysFlag: 1 }),
      sendV2('UnitMade', { fields: { k: false } }),
      topicConfig('UnitMade'),
      makeTopic('UnitBoth', { topicSysFlag: 3 }),
      topicConfig('UnitBoth'),
      makeTopic('UnitBoth', { topicSysFlag: 0 }),
      topicConfig('UnitBoth'),
    ],
  },
  {
    title: 'topics that consumers of a unit subscribe to',
    steps: [
      makeTopic('UnitSubscribed'),
      makeGroup('unit-consumers'),
      heartbeat('unit-consumers', 'UnitSubscribed', { ...all, ...unit }),
      topicConfig('UnitSubscribed'),
      topicConfig('%RETRY%unit-consumers'),
      heartbeat('unit-consumers-new', 'UnitSubscribed', { ...all, ...unit }),
      topicConfig('%RETRY%unit-consumers-new'),
      heartbeat('unit-consumers-not', 'UnitSubscribed', all),
      topicConfig('%RETRY%unit-consumers-not'),
      heartbeat('unit-consumers-not', 'UnitSubscribed', { ...all, ...unit }),
      topicConfig('%RETRY%unit-consumers-not'),
    ],
  },
  {
    title: 'messages that consumers of a unit send back',
    steps: [
      makeTopic('UnitBack'),
      makeGroup('unit-back'),
      makeGroup('unit-dead', { retryMaxTimes: 0 }),
      send('UnitBack', { body: 'to send back' }),
      eventually(pull('UnitBack'), (text) => text.includes('to send back')),
      sendBack('UnitBack', 0, 'unit-back', { unitMode: true }),
      topicConfig('%RETRY%unit-back'),
      sendBack('UnitBack', 0, 'unit-dead', { unitMode: true }),
      topicConfig('%DLQ%unit-dead'),
      topicConfig('%RETRY%unit-dead'),
    ],
  },
  {
    title: 'retry topics that producers of a unit send to',
    steps: [
      makeGroup('unit-retry'),
      send('%RETRY%unit-retry', { fields: { unitMode: true, reconsumeTimes: 1 } }),
      topicConfig('%RETRY%unit-retry'),
      makeGroup('unit-retry-not'),
      send('%RETRY%unit-retry-not', { fields: { reconsumeTimes: 1 } }),
      topicConfig('%RETRY%unit-retry-not'),
      makeGroup('unit-retry-dead', { retryMaxTimes: 0 }),
      send('%RETRY%unit-retry-dead', { fields: { unitMode: true, reconsumeTimes: 1 } }),
      topicConfig('%DLQ%unit-retry-dead'),
      topicConfig('%RETRY%unit-retry-dead'),
    ],
  },
  {
    title: 'pulls of a unit topic',
    steps: [
      makeTopic('UnitPulled', { topicSysFlag: 3 }),
      makeGroup('unit-pulling', { groupSysFlag: 1 }),
      sendV2('UnitPulled', { fields: { k: true } }),
      eventually(pull('UnitPulled', { consumerGroup: 'unit-pulling' }), (text) => text.includes('FOUND')),
    ],
  },
]
