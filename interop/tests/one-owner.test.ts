import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { openTarget } from '../targets/cluster.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import type { ServerProcess, TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const pairs: { holder: TargetName; taker: TargetName; refusal: (holder: ServerProcess) => RegExp }[] = [
  { holder: 'ours', taker: 'official', refusal: () => /Lock failed/ },
  { holder: 'official', taker: 'ours', refusal: ({ pid }) => new RegExp(`is in use by process ${pid}: stop it`) },
]

describe.skipIf(lacksTools('java', 'mvn'))('a store', () => {
  it.each(pairs)(
    'that a broker ($holder) has is refused to another one ($taker), until the first was killed',
    async ({ holder: holderName, taker: takerName, refusal }) => {
      const folder = createWorkFolder(`one-owner-${holderName}`)
      const started: ServerProcess[] = []
      try {
        const nameServer = await openTarget(join(folder, 'name-server'), 'ours').startNameServer({
          port: await allocateNameServerPort(),
        })
        started.push(nameServer)
        const storeDir = join(folder, 'store')
        const start = async (target: TargetName, brokerName: string) => {
          const broker = await openTarget(join(folder, target), target).startBroker({
            brokerName,
            clusterName: 'DefaultCluster',
            listenPort: await allocateBrokerPort(),
            namesrvAddr: nameServer.address,
            storeDir,
          })
          started.push(broker)
          return broker
        }
        const holder = await start(holderName, 'broker-a')
        const client = await BrokerClient.connect(holder.address)
        try {
          await client.createTopic('Owned', 1)
          const send = (text: string) =>
            client.send({ topic: 'Owned', queueId: 0, body: Buffer.from(text), properties: {} })
          expect((await send('before')).queueOffset).toBe(0)
          await expect(start(takerName, 'broker-b')).rejects.toThrow(refusal(holder))
          expect((await send('after')).queueOffset).toBe(1)
        } finally {
          client.close()
        }
        await holder.kill()
        const taker = await start(takerName, 'broker-b')
        const heir = await BrokerClient.connect(taker.address)
        try {
          expect(await heir.maxOffset('Owned', 0)).toBe(2)
        } finally {
          heir.close()
        }
        expect(readdirSync(storeDir)).toContain('lock')
        if (process.env.INTEROP_KEEP !== '1') rmSync(folder, { recursive: true, force: true })
      } finally {
        await Promise.all(started.map((server) => server.kill()))
      }
    },
  )
})
