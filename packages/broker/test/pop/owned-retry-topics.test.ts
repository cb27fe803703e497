import { expect, test } from 'vitest'
import { retryTopicsOfGroup, retryTopicsOfTopic } from '../../src/pop/owned-retry-topics.ts'

/** @param owners by retry topic, the groups that have offsets in it */
function parts(topics: string[], groups: string[], owners: Record<string, string[]> = {}) {
  const known = new Map(topics.map((name) => [name, {}]))
  return {
    topics: { list: () => known, get: (name: string) => known.get(name) },
    groups: { get: (name: string) => (groups.includes(name) ? {} : undefined) },
    offsets: { groupsOf: (topic: string) => owners[topic] ?? [] },
  }
}

const both = ['%RETRY%g_T', '%RETRY%g+T']

test('a topic takes retry topics along of groups that are there, or were deleted without their offsets', () => {
  const topics = [...both, '%RETRY%g', '%RETRY%g_U', '%RETRY%g+UT', 'g_T', '%RETRY%_T']
  expect(retryTopicsOfTopic('T', parts(topics, ['g']))).toEqual(both)
  expect(retryTopicsOfTopic('T', parts(topics, [], { '%RETRY%g_T': ['g'] }))).toEqual(both)
  expect(retryTopicsOfTopic('T', parts(topics, []))).toEqual(['%RETRY%g+T'])
})

test('what another group sends back, whose name is made of both, stays', () => {
  const topics = ['%RETRY%svc_orders']
  expect(retryTopicsOfTopic('orders', parts(topics, ['svc', 'svc_orders']))).toEqual([])
  expect(retryTopicsOfTopic('orders', parts(topics, ['svc'], { '%RETRY%svc_orders': ['svc_orders'] }))).toEqual([])
  expect(retryTopicsOfGroup('svc', parts([...topics, 'orders'], ['svc_orders']))).toEqual([])
  expect(retryTopicsOfGroup('svc', parts(topics, []))).toEqual([])
})

test('a group takes along its retry topics of all topics', () => {
  const topics = [...both, 'T', '%RETRY%g', '%RETRY%gg_T', '%RETRY%g+gone', '%RETRY%g_gone']
  expect(retryTopicsOfGroup('g', parts(topics, []))).toEqual([...both, '%RETRY%g+gone'])
})
