import type { Message, Producer, QueueRef } from '@rocketmq-ts/client'
import { formatted } from './java-text.ts'
import { sendResultText } from './shown-message.ts'
import { optional, required, type Tool, type ToolContext, topic } from './tool.ts'

const columns = '%-32s  %-4s  %-20s    %s\n'
const clusterColumns = '%-24s  %-24s  %-4s  %-8s  %-8s\n'
const clusterRow = '%-24s  %-24s  %-8s  %-16s  %-16s\n'

const amount = optional('a', 'amount', 'messages, 100 without it')
const size = optional('s', 'size', 'bytes of a message, 128 without it')

/** Tools that send messages, and tell how long it took. */
export const timingTools: readonly Tool[] = [
  {
    name: 'checkMsgSendRT',
    about: 'Sends messages to the queues of a topic in turn, and tells how long each took.',
    options: [topic, amount, size],
    async run(context) {
      const name = context.need('topic')
      const producer = await producerOf(context)
      const [count, body] = [context.number('amount', 100), bodyOf(context.number('size', 128))]
      await context.print(formatted(columns, '#Broker Name', '#QID', '#Send Result', '#RT'))
      let sumMs = 0
      let chosen: QueueRef | undefined
      for (let index = 0; index < count && !context.session.signal.aborted; index++) {
        const queue = (queues: readonly QueueRef[]): QueueRef => {
          chosen = queues[index % queues.length]!
          return chosen
        }
        const { isSent, tookMs } = await timed(context, producer, { topic: name, body, queue })
        if (index > 0) sumMs += tookMs
        await context.print(formatted(columns, chosen?.broker ?? 'null', chosen?.queueId ?? 0, isSent, tookMs))
      }
      await context.line(`Avg RT: ${(sumMs / (count - 1)).toFixed(2)}`)
    },
  },
  {
    name: 'sendMsgStatus',
    about: "Sends messages to a broker's own topic, and tells how long each took.",
    options: [
      required('b', 'brokerName', 'name of the broker'),
      optional('s', 'messageSize', 'bytes of a message, 128 without it'),
      optional('c', 'count', 'messages, 50 without it'),
    ],
    async run(context) {
      const name = context.need('brokerName')
      const producer = await producerOf(context)
      const { signal } = context.session
      await producer.send({ topic: name, body: bodyOf(16) }, { signal })
      const body = bodyOf(context.number('messageSize', 128))
      for (let index = 0; index < context.number('count', 50); index++) {
        const beginMs = context.session.host.monotonic()
        const receipt = await producer.send({ topic: name, body }, { signal })
        const tookMs = Math.round(context.session.host.monotonic() - beginMs)
        await context.line(`rt=${tookMs}ms, SendResult=${sendResultText(receipt)}`)
      }
    },
  },
  {
    name: 'clusterRT',
    about: "Sends messages to the brokers' own topics again and again, and tells how long they took.",
    options: [
      amount,
      size,
      optional('c', 'cluster', 'only this cluster'),
      optional('p', 'print log', 'true: lines with | between the fields'),
      optional('m', 'machine room', 'a name in those lines'),
      optional('i', 'interval', 'seconds between two rounds, 10 without it'),
    ],
    async run(context) {
      const producer = await producerOf(context)
      const { clusterAddrTable } = await context.clusterInfo()
      const only = context.value('cluster')
      const clusters = only === undefined ? [...clusterAddrTable.keys()].sort() : [only]
      const isLog = context.value('print log') === 'true'
      if (!isLog) {
        const titles = ['#Cluster Name', '#Broker Name', '#RT', '#successCount', '#failCount']
        await context.print(formatted(clusterColumns, ...titles))
      }
      const { host, signal } = context.session
      while (!signal.aborted) {
        for (const cluster of clusters) {
          const brokers = clusterAddrTable.get(cluster)
          if (brokers === undefined) {
            await context.print(`cluster [${cluster}] not exist`)
            break
          }
          for (const broker of [...brokers].sort()) await printRound(context, producer, cluster, broker, isLog)
        }
        await host.pause(context.number('interval', 10) * 1000, signal)
      }
    },
  },
]

async function printRound(
  context: ToolContext,
  producer: Producer,
  cluster: string,
  broker: string,
  isLog: boolean,
): Promise<void> {
  const [count, body] = [context.number('amount', 100), bodyOf(context.number('size', 128))]
  let [sumMs, succeeded, failed] = [0, 0, 0]
  for (let index = 0; index < count && !context.session.signal.aborted; index++) {
    const { isSent, tookMs } = await timed(context, producer, { topic: broker, body })
    if (isSent) succeeded++
    else failed++
    if (index > 0) sumMs += tookMs
  }
  const averageMs = sumMs / (count - 1)
  if (isLog) {
    const room = context.value('machine room') ?? 'noname'
    await context.line(`${chinaTime(context.session.host.now())}|${room}|${cluster}|${broker}|${Math.round(averageMs)}`)
  } else await context.print(formatted(clusterRow, cluster, broker, averageMs.toFixed(2), succeeded, failed))
}

async function timed(
  { session: { host, signal } }: ToolContext,
  producer: Producer,
  message: Message,
): Promise<{ isSent: boolean; tookMs: number }> {
  const beginMs = host.monotonic()
  const isSent = await producer.send(message, { signal }).then(
    () => true,
    () => false,
  )
  return { isSent, tookMs: Math.round(host.monotonic() - beginMs) }
}

function producerOf(context: ToolContext): Promise<Producer> {
  return context.session.producer({ group: `mqadmin-${context.session.host.now()}` })
}

function bodyOf(bytes: number): string {
  return 'a'.repeat(Math.max(0, bytes))
}

/** The official tools write the time of China there, wherever they run. */
function chinaTime(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}
