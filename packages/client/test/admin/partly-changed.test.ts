import { responseCodes } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import type { ClusterCalls } from '../../src/admin/cluster-calls.ts'
import { resetOffsets } from '../../src/admin/progress.ts'
import { Deadline } from '../../src/calls/deadline.ts'
import type { ClusterClient } from '../../src/connection/cluster-client.ts'
import { Namespace } from '../../src/connection/namespace.ts'
import { RocketMQError } from '../../src/index.ts'

const queues = [0, 1, 2].map((queueId) => ({ topic: 'T', broker: 'b', queueId }))

/** A cluster that refuses one of the changes. */
function callsFailingAt(failing: number): ClusterCalls {
  let changes = 0
  const brokers = new Map([['b', { brokerAddrs: new Map([[0, 'host:1']]) }]])
  const client = {
    namespace: new Namespace(undefined),
    routes: { refresh: async () => ({ readQueues: queues, brokers }) },
    ask: async () => ({ code: responseCodes.QUERY_NOT_FOUND.code }),
    read: async (...[, , , read]: Parameters<ClusterClient['read']>) => read({ extFields: { offset: '7' } } as never),
  }
  const askOr = async () => {
    if (++changes === failing) throw new RocketMQError('NO_PERMISSION', 'not you')
    return {}
  }
  return { client, askOr } as unknown as ClusterCalls
}

test.each([
  [1, 'the queue b 0 is not changed: not you; none was changed before it; not changed: b 1, b 2', 'refused'],
  [2, 'the queue b 1 is not changed: not you; changed before it: b 0; not changed: b 2', 'unknown'],
  [3, 'the queue b 2 is not changed: not you; changed before it: b 0, b 1', 'unknown'],
])('offsets that are changed in a part of the queues say in which: %d', async (failing, message, outcome) => {
  const deadline = new Deadline({ monotonic: () => 0, after: () => () => {} }, {}, 1000)
  const changing = resetOffsets(callsFailingAt(failing), 'G', 'T', 'latest', false, deadline)
  const queueId = failing - 1
  await expect(changing).rejects.toMatchObject({ code: 'NO_PERMISSION', message, outcome, broker: 'b', queueId })
})
