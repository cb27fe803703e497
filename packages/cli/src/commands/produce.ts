import type { Message, SendReceipt } from '@rocketmq-ts/client'
import { messageOfJson } from '../messages/message-row.ts'
import { parseQueue } from '../messages/reading.ts'
import { sendAll, sendInTransaction } from '../messages/sending.ts'
import { parseTemplate, templateHelp } from '../messages/templates.ts'
import { recordLine } from '../output/print.ts'
import type { Session } from '../session.ts'
import { command, flag, many, manyArguments, option, optionalChoice, ownLines, textOption } from '../table/define.ts'
import { maybe, record, text, whole } from '../table/record.ts'
import { CommandError, UsageError } from '../usage-error.ts'
import { counted, nonEmpty, parseAssignment, parseDuration, parseTime, wholeNumber } from '../values.ts'
import { topicArgument } from './topic.ts'

const receiptRow = record({
  messageId: text('Id'),
  offsetMessageId: text('Offset id'),
  topic: text('Topic'),
  broker: text('Broker'),
  queueId: whole('Queue'),
  offset: whole('Offset'),
  status: text('Status'),
  recallHandle: maybe(text('Recall handle')),
})

/** So many messages are each told to people; of more only the number. */
const toldMax = 10
const concurrency = 512

const fields = {
  key: many({
    placeholder: 'key',
    about: 'what it is found by later; several times for several',
    short: 'k',
    parse: nonEmpty,
  }),
  tag: textOption('tag', 'what consumers filter by'),
  property: many({
    placeholder: 'name=value',
    about: 'a property; several times for several',
    short: 'p',
    parse: parseAssignment,
  }),
  shardingKey: textOption('key', 'messages with the same one stay in order'),
  liteTopic: textOption('name', 'the lite topic, in topics of type LITE'),
  queue: option({ placeholder: 'broker:number', about: 'the queue to send to', parse: parseQueue }),
  delay: option({ placeholder: 'duration', about: 'delivers it so much later, such as 90s', parse: parseDuration }),
  deliverAt: option({ placeholder: 'time', about: 'delivers it then, such as 2026-11-27T14:00', parse: parseTime }),
  delayLevel: option({
    placeholder: 'number',
    about: "a level of the broker's list of delays",
    parse: wholeNumber(1, 1000),
  }),
  priority: option({
    placeholder: 'number',
    about: 'in topics of type PRIORITY, higher comes first',
    parse: wholeNumber(0, 1000),
  }),
}

interface Fields {
  readonly key: readonly string[]
  readonly tag: string | undefined
  readonly property: readonly (readonly [string, string])[]
  readonly shardingKey: string | undefined
  readonly liteTopic: string | undefined
  readonly queue: { readonly broker: string; readonly queueId: number } | undefined
  readonly delay: number | undefined
  readonly deliverAt: ((nowMs: number) => number) | undefined
  readonly delayLevel: number | undefined
  readonly priority: number | undefined
}

export const produceCommand = command({
  name: 'produce',
  about: 'Sends messages.',
  details:
    'Bodies are what is typed, files, or else the lines of standard input; empty lines are passed over, since brokers take no\nempty body. With --json-lines a line is an object with body (or bodyBase64), tag, keys, properties, shardingKey and liteTopic, as\n"rocketmq consume --json" writes it. The first message that fails ends it, and those before it are stored.',
  example:
    'rocketmq produce orders "hello" --key 4711 --tag new\nrocketmq produce orders "order {{count}}" --template --count 1000 --rate 100\nrocketmq consume orders --from earliest -e --json | rocketmq produce orders2 --json-lines',
  arguments: { topic: topicArgument, bodies: manyArguments('a message each', nonEmpty, { isOptional: true }) },
  options: {
    file: many({
      placeholder: 'file',
      about: 'a file that is the body of a message; - for all of standard input',
      completes: 'file',
      parse: nonEmpty,
    }),
    jsonLines: flag('lines of standard input are messages in JSON'),
    ...fields,
    count: option({
      placeholder: 'number',
      about: 'sends what is typed so many times',
      short: 'c',
      parse: wholeNumber(1),
      fallback: 1,
    }),
    rate: option({ placeholder: 'number', about: 'messages a second at the most', parse: wholeNumber(1, 10_000_000) }),
    template: flag(`replaces ${templateHelp} in bodies, keys, tag, sharding key, lite topic and properties`),
    transaction: optionalChoice(['commit', 'rollback'], 'sends each in a transaction, and ends it so'),
    group: textOption('name', 'the group of the producer', { short: 'g' }),
  },
  output: ownLines(receiptRow),
  async run(session, { topic, bodies, file, jsonLines, count, rate, template, transaction, group, ...given }) {
    const isTyped = bodies.length > 0 || file.length > 0
    if (isTyped && jsonLines) throw new UsageError('--json-lines reads standard input: give it no bodies or files')
    if (!isTyped && count > 1) throw new UsageError('--count repeats bodies and files: give one')
    if (!isTyped && session.host.isTerminal.input) session.note('Each line becomes a message; Ctrl-D ends.')
    const contents = isTyped ? typedBodies(session, bodies, file, count) : session.host.lines()
    const messages = jsonLines
      ? jsonMessages(session, topic, given)
      : madeMessages(session, topic, contents, given, template)
    const producer = await session.producer({
      group: group ?? 'CLI_PRODUCER',
      batching: true,
      checkTransaction: () => transaction ?? 'rollback',
    })
    const { signal } = session
    const isTold = session.isJson || (isTyped && count * (bodies.length + file.length) <= toldMax)
    const isLater = [given.delay, given.deliverAt, given.delayLevel, transaction].some((value) => value !== undefined)
    let last = session.host.monotonic()
    const sent = await sendAll(
      session,
      messages,
      (message) =>
        transaction === undefined
          ? producer.send(message, { signal })
          : sendInTransaction(producer, message, transaction, signal),
      {
        concurrency,
        rate,
        async onStored(receipt, index) {
          if (isTold) await tell(session, topic, receipt, isLater)
          else if (session.host.monotonic() - last > 200) {
            last = session.host.monotonic()
            session.progress(`${index + 1} messages are stored`)
          }
        },
      },
    )
    session.endProgress()
    if (!isTold) session.note(`Stored in ${topic}: ${counted(sent.stored, 'message')}.`)
    if (sent.failure !== undefined) {
      if (sent.stored === 0 && sent.failed <= 1) throw sent.failure
      throw new CommandError(`${sent.stored} messages are stored, ${sent.failed} are not: ${sent.failure.message}`)
    }
    if (signal.aborted) throw new CommandError(`ended early: ${sent.stored} messages are stored`)
    return 0
  },
})

async function tell(session: Session, topic: string, receipt: SendReceipt, isLater: boolean): Promise<void> {
  const { queue, queueOffset: offset, messageId, offsetMessageId, status, recallHandle } = receipt
  const { broker, queueId } = queue
  const row = { messageId, offsetMessageId, topic, broker, queueId, offset, status, recallHandle }
  if (session.isJson) return session.host.write(recordLine(receiptRow, row))
  const recall = recallHandle === undefined ? '' : `, recall handle ${recallHandle}`
  // What waits has no place in its topic yet.
  const place = isLater ? `for ${topic} on ${broker}` : `in ${topic} ${broker}:${queueId}@${offset}`
  await session.host.write(`${messageId} is stored ${place}${recall}\n`)
}

async function* typedBodies(
  session: Session,
  bodies: readonly string[],
  files: readonly string[],
  count: number,
): AsyncGenerator<string | Buffer> {
  const contents: (string | Buffer)[] = [...bodies]
  for (const file of files) {
    const content = file === '-' ? await session.host.input() : await session.host.readFile(file)
    if (content === undefined) throw new CommandError(`there is no file ${file}`)
    contents.push(content)
  }
  for (let round = 0; round < count; round++) yield* contents
}

async function* madeMessages(
  session: Session,
  topic: string,
  contents: AsyncIterable<string | Buffer>,
  given: Fields,
  isTemplate: boolean,
): AsyncGenerator<Message> {
  const made = new Map<string, (count: number, nowMs: number) => string>()
  const fill = (text: string, count: number, nowMs: number): string => {
    if (!isTemplate) return text
    let template = made.get(text)
    if (template === undefined) {
      template = parseTemplate(text)
      // Lines of standard input differ from each other.
      if (made.size < toldMax * 10) made.set(text, template)
    }
    return template(count, nowMs)
  }
  let count = 0
  for await (const content of contents) {
    if (content.length === 0) continue
    count++
    const nowMs = session.host.now()
    const { key, tag, property, shardingKey, liteTopic } = given
    yield {
      ...delivery(topic, given, nowMs),
      topic,
      body: typeof content === 'string' ? fill(content, count, nowMs) : content,
      keys: key.length === 0 ? undefined : key.map((text) => fill(text, count, nowMs)),
      tag: tag === undefined ? undefined : fill(tag, count, nowMs),
      shardingKey: shardingKey === undefined ? undefined : fill(shardingKey, count, nowMs),
      liteTopic: liteTopic === undefined ? undefined : fill(liteTopic, count, nowMs),
      properties: Object.fromEntries(property.map(([name, value]) => [name, fill(value, count, nowMs)])),
    }
  }
}

/** What is typed counts where a line says nothing. */
async function* jsonMessages(session: Session, topic: string, given: Fields): AsyncGenerator<Message> {
  let number = 0
  for await (const line of session.host.lines()) {
    number++
    if (line.trim() === '') continue
    const message = messageOfJson(line, topic, `line ${number}`)
    const { key, tag, property, shardingKey, liteTopic } = given
    yield {
      ...delivery(topic, given, session.host.now()),
      ...message,
      keys: message.keys ?? (key.length === 0 ? undefined : key),
      tag: message.tag ?? tag,
      shardingKey: message.shardingKey ?? shardingKey,
      liteTopic: message.liteTopic ?? liteTopic,
      properties: { ...Object.fromEntries(property), ...message.properties },
    }
  }
}

function delivery(topic: string, { queue, delay, deliverAt, delayLevel, priority }: Fields, nowMs: number) {
  return {
    queue: queue === undefined ? undefined : { topic, ...queue },
    delayMs: delay,
    deliverAt: deliverAt?.(nowMs),
    delayLevel,
    priority,
  }
}
