import type { Case, Step } from '../case.ts'
import { by, heartbeat, makeGroup, makeTopic, request } from '../steps.ts'

/** QUERY_ASSIGNMENT; what is undefined is not written. */
function assignment(fields: Record<string, unknown>): Step {
  const body = JSON.stringify({ messageModel: 'CLUSTERING', strategyName: 'AVG', ...fields })
  return request(`assignment ${JSON.stringify(fields)}`, 400, {}, { body, answer: 'sets' })
}

const members = ['a', 'b', 'c']

/** A topic with queues, and a group with members that subscribe to it. */
const shared = (name: string, queues: number, memberCount = 3): Step[] => [
  makeTopic(name, { readQueueNums: queues, writeQueueNums: queues }),
  makeGroup(name),
  ...members
    .slice(0, memberCount)
    .map((clientID) => by(clientID, heartbeat(name, name, { subString: '*', codeSet: [], clientID }))),
]

export const assignmentCases: readonly Case[] = [
  ...['AVG', 'AVG_BY_CIRCLE'].flatMap((strategyName) =>
    [1, 2, 3, 4, 7, 8].map((queues) => {
      const name = `assign-${strategyName}-${queues}`
      return {
        title: `${queues} queues for 3 members by ${strategyName}`,
        steps: [
          ...shared(name, queues),
          ...[...members, 'stranger'].map((clientId) =>
            assignment({ topic: name, consumerGroup: name, clientId, strategyName }),
          ),
        ],
      }
    }),
  ),
  {
    title: 'assignments of a broadcasting consumer',
    steps: [
      ...shared('assign-broadcast', 3),
      assignment({
        topic: 'assign-broadcast',
        consumerGroup: 'assign-broadcast',
        clientId: 'a',
        messageModel: 'BROADCASTING',
      }),
      assignment({ topic: 'assign-broadcast', consumerGroup: 'nobody', clientId: 'z', messageModel: 'BROADCASTING' }),
    ],
  },
  {
    title: 'assignments that cannot be made',
    steps: [
      ...shared('assign-none', 3),
      assignment({ topic: 'assign-no-topic', consumerGroup: 'assign-none', clientId: 'a' }),
      assignment({ topic: 'assign-none', consumerGroup: 'assign-no-group', clientId: 'a' }),
      ...['CONSISTENT_HASH', 'MACHINE_ROOM', 'NO_SUCH', '', null, undefined].map((strategyName) =>
        assignment({ topic: 'assign-none', consumerGroup: 'assign-none', clientId: 'a', strategyName }),
      ),
      ...['LITE_SELECTIVE', 'NO_SUCH', '', null, undefined].map((messageModel) =>
        assignment({ topic: 'assign-none', consumerGroup: 'assign-none', clientId: 'a', messageModel }),
      ),
      assignment({ topic: 'assign-none', consumerGroup: 'assign-none' }),
      assignment({ topic: 'assign-none', clientId: 'a' }),
      assignment({ consumerGroup: 'assign-none', clientId: 'a' }),
      request('no body', 400, {}, { answer: 'sets' }),
      request('an empty object', 400, {}, { body: '{}', answer: 'sets' }),
      request('no JSON', 400, {}, { body: 'x', answer: 'sets' }),
    ],
  },
  {
    title: 'assignments of topics that cannot be read, or only be read',
    steps: [
      makeTopic('assign-perm-2', { perm: 2, readQueueNums: 2, writeQueueNums: 2 }),
      makeTopic('assign-perm-4', { perm: 4, readQueueNums: 2, writeQueueNums: 3 }),
      makeTopic('assign-no-read', { readQueueNums: 0, writeQueueNums: 3 }),
      makeGroup('assign-perm'),
      ...['assign-perm-2', 'assign-perm-4', 'assign-no-read'].flatMap((topic) => [
        heartbeat('assign-perm', topic, { subString: '*', codeSet: [], clientID: 'a' }),
        assignment({ topic, consumerGroup: 'assign-perm', clientId: 'a' }),
      ]),
      assignment({ topic: '%RETRY%assign-perm', consumerGroup: 'assign-perm', clientId: 'a' }),
    ],
  },
]
