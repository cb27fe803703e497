import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import type { ClusterClient } from '../../src/connection/cluster-client.ts'
import { OffsetKeeping } from '../../src/consumer/offset-keeping.ts'

const address = '10.0.0.1:10911'
const queue = { topic: 'T', broker: 'broker-1', queueId: 0 }

/** A member that has committed an offset at a broker, which is in no route any more. */
async function memberOfForgottenBroker() {
  const clock = new SteppedClock()
  const state = { known: new Set([address]), masters: new Set<string>() }
  const committed: { broker: string; offset: number }[] = []
  const client = {
    runtime: { clock },
    log: { warn() {} },
    routes: { masterAddress: () => undefined, masterAddresses: () => state.masters },
    heartbeats: { isKnown: (broker: string) => state.known.has(broker) },
    async askForSuccess(broker: { address: string }, { header }: { header: { commitOffset: number } }) {
      committed.push({ broker: broker.address, offset: header.commitOffset })
    },
    newDeadline: () => ({}),
  } as unknown as ClusterClient
  const offsets = new OffsetKeeping(client, 'readers', undefined)
  await offsets.set(queue, address, 3, client.newDeadline())
  committed.length = 0
  const keep = () => offsets.keep([{ queue, committable: 7 }], 1000)
  return { state, committed, keep }
}

test('what a member did is committed at a broker that name servers have forgotten, while its connection is open', async () => {
  const { committed, keep } = await memberOfForgottenBroker()
  await keep()
  expect(committed).toEqual([{ broker: address, offset: 7 }])
})

test('nothing is committed at an address behind which there may be another broker', async () => {
  const { state, committed, keep } = await memberOfForgottenBroker()
  state.known.clear()
  await keep()
  state.known.add(address)
  state.masters.add(address)
  await keep()
  expect(committed).toEqual([])
})
