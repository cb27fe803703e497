import type { Admin, ReceivedMessage } from '@rocketmq-ts/client'
import { messageRow, messageRowOf } from '../messages/message-row.ts'
import { readMessages } from '../messages/reading.ts'
import type { Session } from '../session.ts'
import {
  argument,
  type CommandGroup,
  command,
  flag,
  manyArguments,
  one,
  option,
  rows,
  textOption,
} from '../table/define.ts'
import { list, record, text } from '../table/record.ts'
import { CommandError } from '../usage-error.ts'
import { nonEmpty, parsePlace, parseTime, type TimeText, wholeNumber } from '../values.ts'
import { topicArgument } from './topic.ts'

const messageDetails = record({
  ...(Object.fromEntries(
    Object.entries(messageRow.fields).map(([name, field]) => [name, { ...field, isHidden: name === 'bodyBase64' }]),
  ) as typeof messageRow.fields),
  groups: list('Groups', record({ group: text('Group'), state: text('State') })),
})

const resent = record({
  from: text('Id'),
  messageId: text('New id'),
  topic: text('Topic'),
  broker: text('Broker'),
})

const recalled = record({ topic: text('Topic'), handle: text('Handle') })

const time = (about: string) => option({ placeholder: 'time', about, parse: parseTime })
const limit = option({
  placeholder: 'number',
  about: 'messages at the most',
  short: 'l',
  parse: wholeNumber(1, 100_000),
  fallback: 32,
})

/** Of a broker's place: host and port, and an offset. */
const offsetIdPattern = /^(?:[0-9A-F]{32}|[0-9A-F]{56})$/

export const messageGroup: CommandGroup = {
  name: 'message',
  about: 'Single messages: by id, key or time.',
  commands: [
    command({
      name: 'show',
      about: 'Shows a message, and which groups have done it.',
      details: 'The id that its producer gave needs the topic; the id of its place in the log does not.',
      example: 'rocketmq message show 7F0000010000A9F30000000000000000 --topic orders',
      arguments: { id: argument('its id') },
      options: { topic: textOption('name', 'its topic', { short: 't', completes: 'topic' }) },
      output: one(messageDetails),
      async run(session, { id, topic }) {
        const admin = await session.admin()
        const message = await findMessage(session, admin, id, topic)
        return { ...messageRowOf(message), groups: await groupsOf(session, admin, message) }
      },
    }),
    command({
      name: 'find',
      about: 'Shows messages with a key.',
      example: 'rocketmq message find orders 4711 --from -1d',
      arguments: { topic: topicArgument, key: argument('one of their keys') },
      options: { from: time('stored then or later'), to: time('stored then or before'), limit },
      output: rows(messageRow, 'No message has the key.'),
      async run(session, { topic, key, from, to, limit: most }) {
        const now = session.host.now()
        const query = { from: from?.(now), to: to?.(now), limit: most, signal: session.signal }
        const found = await (await session.admin()).messagesByKey(topic, key, query)
        return found.slice(0, most).map(messageRowOf)
      },
    }),
    command({
      name: 'list',
      about: 'Shows messages that were stored in a time.',
      example: 'rocketmq message list orders --from -1h --limit 10',
      arguments: { topic: topicArgument },
      options: {
        from: option({
          placeholder: 'place',
          about: 'where to begin: earliest, -100, offset:7, or a time; -1h without it',
          parse: parsePlace,
        }),
        to: time('stored before then'),
        filter: textOption('tags', 'only messages with these tags: "new || paid"'),
        limit,
      },
      output: rows(messageRow, 'No message is there.'),
      async run(session, { topic, from, to, filter, limit: most }) {
        const hour: TimeText = (nowMs) => nowMs - 3_600_000
        const found: ReceivedMessage[] = []
        const end = to === undefined ? ({ kind: 'latest' } as const) : ({ kind: 'time', time: to } as const)
        const begin = from ?? ({ kind: 'time', time: hour } as const)
        for await (const message of readMessages(session, { topic, from: begin, to: end, filter, queues: [] })) {
          found.push(message)
          if (found.length >= most) {
            session.note(`Only the first ${most} that were read are shown: --limit shows more.`)
            break
          }
        }
        return found.sort((one, other) => one.storeTimestamp - other.storeTimestamp).map(messageRowOf)
      },
    }),
    command({
      name: 'resend',
      about: 'Sends messages once more, as new ones with the same body, keys, tag and properties.',
      details:
        'All groups of the topic get them. What one group has given up is better given back: rocketmq dlq replay.',
      example: 'rocketmq message resend 7F0000010000A9F30000000000000000 --topic orders',
      arguments: { ids: manyArguments('their ids', nonEmpty) },
      options: {
        topic: textOption('name', 'the topic that they are in', { short: 't', completes: 'topic' }),
        to: textOption('name', 'the topic to send to, instead of their own', { completes: 'topic' }),
        dryRun: flag('only shows what would be sent'),
      },
      output: rows(resent, ''),
      async run(session, { ids, topic, to, dryRun }) {
        const admin = await session.admin()
        // All of them are found before the first one is sent.
        const messages: ReceivedMessage[] = []
        for (const id of ids) messages.push(await findMessage(session, admin, id, topic))
        if (dryRun) {
          session.note('Nothing was sent.')
          return messages.map(({ messageId, queue, topic: own }) => ({
            from: messageId,
            messageId: '',
            topic: to ?? own,
            broker: queue.broker,
          }))
        }
        const producer = await session.producer({ group: 'CLI_PRODUCER' })
        const sent = []
        for (const { messageId: from, topic: own, body, keys, tag, properties, shardingKey, liteTopic } of messages) {
          const topicName = to ?? own
          const given = {
            ...{ body, tag, keys: keys.length === 0 ? undefined : keys, properties, shardingKey },
            // Another topic has other lite topics, or none.
            liteTopic: topicName === own ? liteTopic : undefined,
          }
          try {
            const { messageId, queue } = await producer.send({ topic: topicName, ...given }, { signal: session.signal })
            sent.push({ from, messageId, topic: topicName, broker: queue.broker })
          } catch (error) {
            if (sent.length === 0) throw error
            const done = sent.map((row) => row.from).join(', ')
            throw new CommandError(`${from} is not sent: ${(error as Error).message}; these are: ${done}`)
          }
        }
        return sent
      },
    }),
    command({
      name: 'recall',
      about: 'Takes a delayed message back before it is delivered.',
      example: 'rocketmq message recall orders djEgYnJva2VyLWE=',
      arguments: { topic: topicArgument, handle: argument('the recall handle that rocketmq produce --delay told') },
      output: one(recalled, ({ topic }) => `The message in ${topic} is taken back.`),
      async run(session, { topic, handle }) {
        const producer = await session.producer({ group: 'CLI_PRODUCER' })
        await producer.recall(topic, handle, { signal: session.signal })
        return { topic, handle }
      },
    }),
  ],
}

/** Milliseconds for the broker at the place that an id names. Where none is, waiting longer does not help. */
const placeTimeoutMs = 3000

async function findMessage(
  session: Session,
  admin: Admin,
  id: string,
  topic: string | undefined,
): Promise<ReceivedMessage> {
  const options = { signal: session.signal }
  if (topic !== undefined) {
    const [message] = await admin.messagesById(topic, id, options)
    if (message !== undefined) return message
  }
  if (offsetIdPattern.test(id)) {
    const inTime = { ...options, timeoutMs: session.atMost(placeTimeoutMs) }
    const message = await admin.messageAt(id, inTime).catch((error: Error) => {
      // The id that a producer gives looks the same, and names the producer's host.
      if (topic === undefined)
        throw new CommandError(
          `no broker is at the place that ${id} names: add --topic if its producer gave it (${error.message})`,
        )
      return undefined
    })
    if (message !== undefined) return message
  }
  const where = topic === undefined ? 'at that place: add --topic if its producer gave the id' : `in ${topic}`
  throw new CommandError(`no message ${id} is ${where}`)
}

async function groupsOf(session: Session, admin: Admin, { queue, queueOffset }: ReceivedMessage) {
  const { signal } = session
  const { groups } = await admin.describeTopic(queue.topic, { signal })
  return Promise.all(
    groups.map(async (group) => {
      const offset = await admin.committedOffset(group, queue, { signal })
      return { group, state: offset === undefined ? 'unknown' : offset > queueOffset ? 'done' : 'not done yet' }
    }),
  )
}
