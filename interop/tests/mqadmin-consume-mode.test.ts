import { createNodePlatform } from '@rocketmq-ts/platform'
import { commands, queryAssignmentRequestBody, queryAssignmentResponseBody } from '@rocketmq-ts/protocol'
import { RemotingClient } from '@rocketmq-ts/remoting'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mqadmin, startMqadmin } from '../mqadmin/mqadmin.ts'
import { clientIdOf } from '../mqadmin/state.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { patienceMs } from '../targets/deadline.ts'
import { lacksTools } from '../targets/tooling.ts'

const topic = 'ModeTopic'
const group = 'mode-group'
const queueCount = 4

/** That the official consumer goes over with its group is tested with the Java client. */
describe.skipIf(lacksTools('java', 'javac', 'mvn'))('mqadmin setConsumeMode', () => {
  const client = new RemotingClient(createNodePlatform())
  let cluster: Cluster
  let admin: Mqadmin
  beforeAll(async () => {
    cluster = await startCluster({ label: 'mqadmin-consume-mode' })
    admin = await startMqadmin(cluster)
    await admin.run('updateTopic', '-t', topic, '-c', 'DefaultCluster', '-r', `${queueCount}`, '-w', `${queueCount}`)
    await admin.run('updateSubGroup', '-g', group, '-c', 'DefaultCluster')
    await admin.consume(group, topic, 0, [])
  })
  afterAll(async () => {
    await client.close()
    await admin?.close()
    await cluster?.dispose()
  })

  /** How the consumer is told to consume, and from which queues. */
  const assigned = async () => {
    const body = queryAssignmentRequestBody.encode({
      topic,
      consumerGroup: group,
      clientId: await clientIdOf(admin, group),
      strategyName: 'AVG',
      messageModel: 'CLUSTERING',
    })
    const options = { header: {}, body, timeoutMs: patienceMs }
    const answer = await client.invoke(cluster.brokers[0]!.address, commands.queryAssignment, options)
    const assignments = queryAssignmentResponseBody.decode(answer.body).messageQueueAssignments ?? []
    const queues = assignments.map(({ messageQueue }) => messageQueue?.queueId).sort()
    return { modes: [...new Set(assignments.map(({ mode }) => mode))], queues }
  }

  it('makes the members of a group pop any queue, and pull each its queues again', async () => {
    const pulled = { modes: ['PULL'], queues: [0, 1, 2, 3] }
    expect(await assigned()).toEqual(pulled)
    const popping = await admin.run('setConsumeMode', '-t', topic, '-g', group, '-m', 'POP', '-c', 'DefaultCluster')
    expect(popping).toContain(`topic[${topic}] group[${group}] consume mode[POP] popShareQueueNum[0]`)
    expect(await assigned()).toEqual({ modes: ['POP'], queues: [-1] })
    const address = cluster.brokers[0]!.address
    await admin.run('setConsumeMode', '-t', topic, '-g', group, '-m', 'PULL', '-b', address)
    expect(await assigned()).toEqual(pulled)
  })
})
