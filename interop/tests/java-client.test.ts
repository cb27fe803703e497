import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JavaClient, startJavaClient } from '../java/java-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { lacksTools } from '../targets/tooling.ts'

const promises: Record<string, string> = {
  'send-sync': 'stores each message that was sent, as it was sent, where the send result says',
  'send-async': 'answers each asynchronous send and stores each message once',
  'send-one-way': 'stores each message that was sent without asking for an answer',
  'send-batch': 'stores a batch as messages at consecutive offsets of one queue, each with its own ids',
  'batch-queue': 'stores a batch as one record in a topic with queues of batches, and gives consumers its messages',
  'batch-queue-refused': 'gives a refused message of such a batch again, and none of the others',
  'send-compressed': 'stores large bodies compressed and gives consumers the original',
  'send-big': 'stores a body of exactly 4 MiB',
  'send-too-big': 'refuses a body above 4 MiB with code 13 and goes on',
  'send-selected-queue': 'stores each message in the queue that the producer selects, in order',
  'send-unknown-queue': 'refuses a queue that the topic does not have with code 29',
  'topic-auto-creation': 'creates a topic when the first message is sent to it',
  'create-topic': 'lets a producer create a topic',
  'push-concurrent': 'gives a concurrent consumer each message once',
  'push-orderly': 'gives an orderly consumer each queue in order, one thread a queue',
  'push-cluster': 'shares a topic between the members of a group',
  'push-assigned': 'tells members their queues that do not divide them by themselves, also when one leaves',
  'pop-shared': 'gives the members of a group that pop each message once, from all queues',
  'pop-refused': 'gives a refused message to a group that pops again, counted, until it is accepted',
  'push-broadcast': 'gives each member of a broadcasting group all messages, and keeps no offsets for them',
  'push-tags': 'gives consumers the messages of the tags they subscribe to, also when hash codes collide',
  'sql-push': 'gives consumers the messages whose properties their SQL92 expressions ask for, and no others',
  'sql-pull': 'gives pulls the messages whose properties their SQL92 expressions ask for, also when they wait',
  'sql-lite-pull': 'gives lite pull consumers the messages whose properties an SQL92 expression asks for',
  'sql-refused': 'refuses an SQL92 expression that is wrong when a consumer starts with it',
  'request-reply': 'hands each reply to the client that asked, also when many ask at once',
  'request-unanswered': 'lets a request that nobody answers run into its time',
  'heartbeat-v2': 'understands heartbeats V2, also when a subscription changes',
  'retry-then-success': 'delivers a refused message again with its count of attempts, until it is accepted',
  'dead-letter': 'moves a message that was refused too often to the dead letter topic',
  'orderly-suspend': 'delivers a refused message of an orderly consumer again before the next of its queue',
  'orderly-dead-letter': 'takes a message that an orderly consumer gives up on as a dead letter',
  'delay-levels': 'delivers messages of delay levels 1 and 2 after their time and not before',
  'timer-delays': 'delivers messages at the times that their producers name, at once when these have passed',
  'timer-too-far': 'refuses a delay above three days with code 13',
  'timer-recall': 'takes back a message that waits for its time, by the handle that its send was answered with',
  priorities: 'stores a message with a priority in the queue of that',
  pull: 'answers pulls by offset and tag, at and beyond the end, and those that wait for a message',
  'lite-pull-assign': 'lets a lite pull consumer seek, commit and go on from its commit',
  'lite-pull-subscribe': 'shares a topic between lite pull consumers that subscribe',
  'query-by-key': 'finds messages by key, within times and limits',
  'query-by-id': 'finds messages by unique id and by offset id',
  'query-offsets': 'finds offsets by time, and the least and greatest of a queue',
  'join-and-leave': 'spreads the queues again when members join and leave, and loses no message',
  'client-restart': 'keeps the offsets of a group between its members',
  'consume-from-young': 'starts a new group at the first message while a queue still has it, wherever it asks to start',
}

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('to the official Java client the broker', () => {
  let cluster: Cluster
  let client: JavaClient
  beforeAll(async () => {
    cluster = await startCluster({
      label: 'java-client',
      config: { recallMessageEnable: 'true', enablePropertyFilter: 'true' },
    })
    client = await startJavaClient(cluster)
  })
  afterAll(async () => {
    await client?.kill()
    await cluster?.dispose()
  })

  describe.concurrent('keeps its promises:', () => {
    for (const [scenario, promise] of Object.entries(promises)) {
      it(promise, async () => {
        expect(await client.run(scenario)).not.toBe('')
      })
    }

    // Its members ask every 20 s whether they pull or pop.
    it('loses no message of a group that goes over from pull to POP and back', async () => {
      expect(await client.run('pop-switched')).not.toBe('')
    })

    // A member of the official group waits half a minute at times until it has the lock of a queue.
    it('gives each sharding key in its order, one thread a queue, while members come and go', async () => {
      expect(await client.run('orderly-members-change')).not.toBe('')
    })

    it('gives the queues and unfinished messages of a killed member to the survivor', async () => {
      const member = await startJavaClient(cluster)
      let holding: Promise<unknown> = Promise.resolve()
      let holds = (): void => {}
      const memberHolds = new Promise<void>((resolve) => {
        holds = resolve
      })
      const startMember = (detail: Record<string, unknown>): Promise<void> =>
        new Promise((started, failed) => {
          const parameters = { topic: String(detail.topic), group: String(detail.group) }
          const checkpoints = {
            'member-started': async () => started(),
            'member-holds': async () => holds(),
          }
          // It ends by being killed, which is what its run reports.
          holding = member.run('holding-member', { parameters, checkpoints }).catch(failed)
        })
      const killMember = async (): Promise<void> => {
        await memberHolds
        await member.kill()
        await holding
      }
      try {
        const checkpoints = { 'start-member': startMember, 'kill-member': killMember }
        expect(await client.run('member-killed', { checkpoints })).not.toBe('')
      } finally {
        await member.kill()
      }
    })
  })
})
