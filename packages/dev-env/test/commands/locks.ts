import { commands, lockBatchRequestBody, lockBatchResponseBody, unlockBatchRequestBody } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { codeOf, type Promises, type Scene } from './scene.ts'

const wanted = (clientId: string, queueIds: readonly number[]) => ({
  consumerGroup: 'g',
  clientId,
  onlyThisBroker: false,
  mqSet: queueIds.map((queueId) => ({ topic: 'T', brokerName: 'broker-1', queueId })),
})

/** The ids of the queues that a client holds of those it asks for. */
async function locked({ broker }: Scene, clientId: string, ...queueIds: number[]): Promise<number[]> {
  const body = lockBatchRequestBody.encode(wanted(clientId, queueIds))
  const answer = await broker.ask(commands.lockBatchMq, {}, body)
  return lockBatchResponseBody.decode(answer.body).lockOKMQSet.map(({ queueId }) => queueId)
}

async function unlock({ broker }: Scene, clientId: string, ...queueIds: number[]): Promise<void> {
  await broker.ask(commands.unlockBatchMq, {}, unlockBatchRequestBody.encode(wanted(clientId, queueIds)))
}

export const locks = {
  lockBatchMq: {
    'a queue belongs to one client of a group at a time': async (scene) => {
      expect(await locked(scene, 'a', 0, 1)).toEqual([0, 1])
      expect(await locked(scene, 'b', 1, 2)).toEqual([2])
      expect(await locked(scene, 'a', 0, 1, 2)).toEqual([0, 1])
    },
    'a lock holds for a minute, and another one when it is renewed': async (scene) => {
      await locked(scene, 'a', 0, 1)
      await scene.cluster.sleep(50_000)
      await locked(scene, 'a', 0)
      await scene.cluster.sleep(11_000)
      expect(await locked(scene, 'b', 0, 1)).toEqual([1])
      await scene.cluster.sleep(50_000)
      expect(await locked(scene, 'b', 0)).toEqual([0])
    },
    'a request without a client is refused': async ({ broker }) => {
      expect(await codeOf(broker, commands.lockBatchMq, {}, Buffer.from('{"consumerGroup":"g"}'))).not.toBe('SUCCESS')
    },
  },
  unlockBatchMq: {
    'a request without a client is refused': async ({ broker }) => {
      expect(await codeOf(broker, commands.unlockBatchMq, {}, Buffer.from('{"consumerGroup":"g"}'))).not.toBe('SUCCESS')
    },
    'a queue that is given up can be had by another client': async (scene) => {
      await locked(scene, 'a', 0, 1)
      await unlock(scene, 'a', 1)
      expect(await locked(scene, 'b', 0, 1)).toEqual([1])
    },
    'nobody gives up what another client holds': async (scene) => {
      await locked(scene, 'a', 0)
      await unlock(scene, 'b', 0)
      expect(await locked(scene, 'b', 0)).toEqual([])
    },
  },
} satisfies Promises
