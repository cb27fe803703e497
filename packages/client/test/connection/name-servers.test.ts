import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, type RemotingCommand, responseCodes } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { brokersTold } from '../../src/admin/cluster-calls.ts'
import { Deadline } from '../../src/calls/deadline.ts'
import type { Connections } from '../../src/connection/connections.ts'
import type { NameServerList } from '../../src/connection/name-server-list.ts'
import { NameServers } from '../../src/connection/name-servers.ts'
import { RocketMQError } from '../../src/rocketmq-error.ts'
import { RouteCache } from '../../src/routing/route-cache.ts'
import { routeAnswer } from './route-answer.ts'

const noRoute = { code: responseCodes.TOPIC_NOT_EXIST.code, remark: 'no such topic' } as RemotingCommand
const found = routeAnswer(4)
const unreadable = { code: 0, body: Buffer.from('<html>') } as RemotingCommand

/** Name servers `0`, `1` ..., what each answers, and what is known of routes by them. */
function scene(...answers: (RemotingCommand | RocketMQError)[]) {
  const clock = new SteppedClock()
  const addresses = answers.map((_, index) => String(index))
  const list = { current: async () => addresses, known: addresses, doubt() {} } as unknown as NameServerList
  const ask = async (address: string): Promise<RemotingCommand> => {
    const answer = answers[Number(address)]!
    if (answer instanceof RocketMQError) throw answer
    return answer
  }
  const connections = { ask } as unknown as Connections
  const random = new SeededRandom(1)
  const nameServers = new NameServers({ list, connections, clock, random, attemptTimeoutMs: 100 })
  const routes = new RouteCache({ clock, random, lookUpTimeoutMs: 1000, nameServers })
  return { nameServers, routes, deadline: () => new Deadline(clock, {}, 1000) }
}

const away = new RocketMQError('CONNECT_FAILED', 'away')

test.for([
  ['the first', unreadable, found],
  ['the last', found, unreadable],
] as const)('a route that %s of two name servers garbles is that of the other', async ([, ...answers]) => {
  const { routes, deadline } = scene(...answers)
  expect((await routes.refreshFromEach('T', deadline())).readQueues).toHaveLength(4)
  for (let round = 0; round < 10; round++) {
    expect((await routes.refresh('T', deadline())).readQueues).toHaveLength(4)
  }
  routes.close()
})

test.for([
  ['alone', [unreadable]],
  ['beside one that knows no such topic', [noRoute, unreadable]],
] as const)('a topic whose route is garbled is not one that does not exist: %s', async ([, answers]) => {
  const { routes, deadline } = scene(...answers)
  const failure = await routes.refresh('T', deadline()).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(RocketMQError)
  expect(failure).toMatchObject({ code: 'INVALID_ANSWER', topic: 'T', broker: String(answers.length - 1) })
})

test('what each name server says is told beside what one of them garbles', async () => {
  const { nameServers, deadline } = scene(unreadable, away, { code: 0, body: Buffer.from('{}') } as RemotingCommand)
  const views = await nameServers.readEach(commands.getBrokerClusterInfo, {}, deadline(), brokersTold)
  expect(views.map(({ answer, error }) => error?.code ?? answer)).toEqual(['INVALID_ANSWER', 'CONNECT_FAILED', []])
})
