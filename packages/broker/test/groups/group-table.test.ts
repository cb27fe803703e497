import fs from 'node:fs'
import { SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { newSubscriptionGroupConfig, ProtocolError, subscriptionGroupTableBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { GroupTable } from '../../src/groups/index.ts'
import { countedAt, recordingLog, settle } from '../kept/config-kit.ts'

function open(path: string, autoCreateSubscriptionGroup = true, maxAutoCreatedGroupNum = 100_000) {
  const clock = new SteppedClock()
  const { log } = recordingLog()
  const { config, writes } = countedAt(path, clock, log)
  return {
    clock,
    writes,
    groups: new GroupTable({
      config,
      settings: () => ({
        autoCreateSubscriptionGroup,
        maxAutoCreatedGroupNum,
        flushDiskType: 'ASYNC_FLUSH',
        enableLmq: false,
      }),
    }),
  }
}

function refusal(action: () => unknown): [code: number, remark: string] {
  try {
    action()
  } catch (error) {
    if (error instanceof ProtocolError) return [error.code, error.message]
    throw error
  }
  throw new Error('it was accepted')
}

describe('consumer groups', () => {
  test('of a fresh broker are those of the official one', () => {
    using folder = temporaryFolder()
    const { groups } = open(`${folder.path}/g.json`)
    expect([...groups.list().keys()].sort()).toEqual([
      'CID_ONS-HTTP-PROXY',
      'CID_ONSAPI_OWNER',
      'CID_ONSAPI_PERMISSION',
      'CID_ONSAPI_PULL',
      'CID_RMQ_SYS_TRANS',
      'FILTERSRV_CONSUMER',
      'SELF_TEST_C_GROUP',
      'TOOLS_CONSUMER',
    ])
  })

  test('come to be by their first use, with the defaults of 5.5', () => {
    using folder = temporaryFolder()
    const { groups } = open(`${folder.path}/g.json`)
    expect(groups.get('g1')).toBeUndefined()
    expect(groups.find('g1')).toEqual(newSubscriptionGroupConfig('g1'))
    expect(groups.get('g1')?.retryMaxTimes).toBe(16)
    expect(groups.find('a b')).toBeUndefined()
    expect(groups.find('x'.repeat(121))).toBeUndefined()
    expect(groups.find('')).toBeUndefined()
  })

  test('are made for clients up to a number, and by administrators beyond it', () => {
    using folder = temporaryFolder()
    const { groups } = open(`${folder.path}/g.json`, true, 9)
    expect(groups.find('g1')).toBeDefined()
    expect(refusal(() => groups.find('g2'))[1]).toContain('maxAutoCreatedGroupNum')
    expect(groups.get('g2')).toBeUndefined()
    groups.update([newSubscriptionGroupConfig('g2')])
    expect(groups.find('g2')).toBeDefined()
  })

  test('are not made while autoCreateSubscriptionGroup is off, but for those of the system', () => {
    using folder = temporaryFolder()
    const { groups } = open(`${folder.path}/g.json`, false)
    expect(groups.find('g1')).toBeUndefined()
    expect(groups.find('CID_RMQ_SYS_x')).toBeDefined()
  })

  test('are refused with malformed names and attributes, and then nothing changes', () => {
    using folder = temporaryFolder()
    const { groups } = open(`${folder.path}/g.json`)
    const good = newSubscriptionGroupConfig('GL3')
    expect(refusal(() => groups.update([good, newSubscriptionGroupConfig('a b')]))).toEqual([
      29,
      'The specified group: a b, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$',
    ])
    expect(refusal(() => groups.update([newSubscriptionGroupConfig('')]))).toEqual([
      29,
      'The specified group is blank.',
    ])
    const long = 'x'.repeat(121)
    expect(refusal(() => groups.update([newSubscriptionGroupConfig(long)]))).toEqual([
      29,
      `The specified group: ${long}, is longer than group max length: 120`,
    ])
    const attributes = new Map([['+foo', '1']])
    expect(refusal(() => groups.update([good, newSubscriptionGroupConfig('G2', { attributes })]))).toEqual([
      1,
      'unsupported key: foo',
    ])
    expect(groups.get('GL3')).toBeUndefined()
    expect(groups.dataVersion.counter).toBe(0)
  })

  test('keep the attributes that an update does not name', () => {
    using folder = temporaryFolder()
    const { groups } = open(`${folder.path}/g.json`)
    groups.update([newSubscriptionGroupConfig('G', { attributes: new Map([['+priority.factor', '50']]) })])
    groups.update([
      newSubscriptionGroupConfig('G', { retryMaxTimes: 3, attributes: new Map([['+lite.bind.topic', 'T']]) }),
    ])
    expect(groups.get('G')).toMatchObject({
      retryMaxTimes: 3,
      attributes: new Map([
        ['priority.factor', '50'],
        ['lite.bind.topic', 'T'],
      ]),
    })
    groups.update([newSubscriptionGroupConfig('G', { attributes: new Map([['-priority.factor', '']]) })])
    expect(groups.get('G')?.attributes).toEqual(new Map([['lite.bind.topic', 'T']]))
  })

  test('can be forbidden to read a topic, which lasts over a restart and ends with the group', () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/g.json`
    const { groups } = open(path)
    groups.update([newSubscriptionGroupConfig('G')])
    groups.setReadForbidden('G', 'T', true)
    groups.close()
    expect(subscriptionGroupTableBody.parse(fs.readFileSync(path, 'utf8')).forbiddenTable).toEqual(
      new Map([['G', new Map([['T', 4]])]]),
    )
    const again = open(path).groups
    expect([again.isReadForbidden('G', 'T'), again.isReadForbidden('G', 'U')]).toEqual([true, false])
    again.setReadForbidden('G', 'T', false)
    expect(again.isReadForbidden('G', 'T')).toBe(false)
    again.setReadForbidden('G', 'T', true)
    expect(again.delete('G')).toBe(true)
    expect([again.get('G'), again.isReadForbidden('G', 'T')]).toEqual([undefined, false])
  })

  test('made by 10,000 first uses are written a few times', async () => {
    using folder = temporaryFolder()
    const { groups, writes, clock } = open(`${folder.path}/g.json`)
    for (let index = 0; index < 10_000; index++) {
      groups.find(`g${index}`)
      if (index % 10 !== 0) continue
      clock.advance(1)
      await settle(clock)
    }
    groups.close()
    expect(writes()).toBeLessThan(20)
    expect(open(`${folder.path}/g.json`).groups.get('g9999')).toEqual(newSubscriptionGroupConfig('g9999'))
  })
})

test('a group that was made, changed, forbidden or deleted is so after the process died', () => {
  using folder = temporaryFolder()
  const path = `${folder.path}/subscriptionGroup.json`
  const { groups } = open(path)
  groups.update([newSubscriptionGroupConfig('First')])
  groups.update([newSubscriptionGroupConfig('Second', { retryMaxTimes: 3 })])
  groups.find('Third')
  groups.setReadForbidden('Second', 'T', true)
  groups.delete('First')
  const { groups: again } = open(path)
  expect(again.get('First')).toBeUndefined()
  expect(again.get('Second')).toEqual(groups.get('Second'))
  expect(again.get('Third')).toEqual(groups.get('Third'))
  expect(again.isReadForbidden('Second', 'T')).toBe(true)
  groups.setReadForbidden('Second', 'T', false)
  expect(open(path).groups.isReadForbidden('Second', 'T')).toBe(false)
})
