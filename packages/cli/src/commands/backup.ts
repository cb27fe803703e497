import type { TopicConfiguration } from '@rocketmq-ts/client'
import { backupFooter, backupHeader, parseBackup } from '../messages/backup-file.ts'
import { messageRow, messageRowOf } from '../messages/message-row.ts'
import { readMessages } from '../messages/reading.ts'
import { restoreMessages } from '../messages/restoring.ts'
import { recordLine } from '../output/print.ts'
import { argument, command, flag, one, option, optionalArgument } from '../table/define.ts'
import { record, text, whole } from '../table/record.ts'
import { CommandError } from '../usage-error.ts'
import { counted, type Place, parsePlace, parseTime, wholeNumber } from '../values.ts'
import { exists, topicArgument } from './topic.ts'

const done = record({ topic: text('Topic'), file: text('File'), messages: whole('Messages') })

const earliest: Place = { kind: 'earliest' }

export const backupCommand = command({
  name: 'backup',
  about: "Writes a topic's messages to a file.",
  details:
    'Each line is a message in JSON, as "rocketmq consume --json" writes it, between a line about the topic and one with the number\nof messages. A file whose name ends with .gz is gzipped. What comes while it is written is not in it.',
  example: 'rocketmq backup orders orders.jsonl.gz',
  arguments: { topic: topicArgument, file: argument('the file; it must not exist', 'file') },
  options: {
    from: option({
      placeholder: 'place',
      about: 'where to begin: earliest, -100, or a time; earliest without it',
      parse: parsePlace,
    }),
    to: option({ placeholder: 'time', about: 'only what was stored before then', parse: parseTime }),
  },
  output: one(done, ({ topic, file, messages }) => `Written to ${file}: ${counted(messages, 'message')} of ${topic}.`),
  async run(session, { topic, file, from = earliest, to }) {
    const { host, signal } = session
    const admin = await session.admin()
    const { queues } = await admin.describeTopic(topic, { signal })
    const settings = await admin.topicConfigurations(topic, { signal })
    const there = queues.reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0)
    const output = await host.createFile(file)
    let messages = 0
    try {
      await output.write(backupHeader({ topic, createdMs: host.now(), settings }))
      const end: Place = to === undefined ? { kind: 'latest' } : { kind: 'time', time: to }
      for await (const message of readMessages(session, { topic, from, to: end, filter: undefined, queues: [] })) {
        await output.write(recordLine(messageRow, messageRowOf(message)))
        messages++
        if (messages % 1000 === 0) session.progress(`${messages} of about ${there} messages are written`)
      }
      session.endProgress()
      if (signal.aborted) throw new CommandError(`ended early: ${file} is deleted`)
      await output.write(backupFooter(messages))
      await output.finish()
    } catch (error) {
      await output.discard()
      throw error
    }
    return { topic, file, messages }
  },
})

export const restoreCommand = command({
  name: 'restore',
  about: 'Sends the messages of a backup to a topic.',
  details:
    'They are new messages with the same body, tag, keys, properties and sharding key. Messages of one queue stay in their order.\nWhat a failure left undone goes on with --skip.',
  example: 'rocketmq restore orders.jsonl.gz\nrocketmq restore orders.jsonl.gz orders-copy --create',
  arguments: {
    file: argument('what rocketmq backup has written', 'file'),
    topic: optionalArgument('the topic; that of the backup without it', 'topic'),
  },
  options: {
    create: flag('makes the topic as it was when it is missing'),
    skip: option({ placeholder: 'number', about: 'passes over so many messages', parse: wholeNumber(0), fallback: 0 }),
    rate: option({ placeholder: 'number', about: 'messages a second at the most', parse: wholeNumber(1, 10_000_000) }),
  },
  output: one(done, ({ topic, file, messages }) => `Sent to ${topic}: ${counted(messages, 'message')} of ${file}.`),
  async run(session, { file, topic: given, create, skip, rate }) {
    const { header, messages } = await parseBackup(session.host.readLines(file), file)
    const topic = given ?? header.topic
    const admin = await session.admin()
    const { signal } = session
    if (!(await exists(admin, topic, signal))) {
      if (!create) throw new CommandError(`there is no topic ${topic}: --create makes it as it was`)
      await admin.createTopic(topic, settingsOf(header.settings), { signal })
    }
    const producer = await session.producer({ group: 'CLI_PRODUCER' })
    const restored = await restoreMessages(session, producer, messages, { topic, skip, rate })
    return { topic, file, messages: restored }
  },
})

/** Of the broker with most queues: the new topic is on all brokers of this cluster. */
function settingsOf(settings: readonly TopicConfiguration[]) {
  const most = settings.toSorted((one, other) => other.writeQueues - one.writeQueues)[0]
  if (most === undefined) return {}
  const { readQueues, writeQueues, order, attributes } = most
  return { readQueues, writeQueues, order, attributes }
}
