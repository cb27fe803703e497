import {
  type ConsumerConnection,
  commands,
  consumerConnectionBody,
  producerConnectionBody,
  producerTableBody,
  retryTopicOf,
} from '@rocketmq-ts/protocol'
import { formatted, hashOrder, versionName } from './java-text.ts'
import { optional, required, type Tool, type ToolContext, topic } from './tool.ts'
import { mastersOf, routeOf } from './topic-tools.ts'

const group = required('g', 'consumerGroup', 'name of the group')

export const clientTools: readonly Tool[] = [
  {
    name: 'consumerConnection',
    about: 'Shows the members of a group, and what they subscribe to.',
    options: [group, optional('b', 'brokerAddr', 'as this broker knows it')],
    async run(context) {
      const { connectionSet, subscriptionTable, consumeType, messageModel, consumeFromWhere } = await connectionsOf(
        context,
        context.need('consumerGroup'),
      )
      const columns = '%-36s %-22s %-10s %s\n'
      await context.print(formatted(columns, '#ClientId', '#ClientAddr', '#Language', '#Version'))
      for (const { clientId, clientAddr, language, version } of connectionSet) {
        await context.print(formatted(columns, clientId, clientAddr, language, versionName(version)))
      }
      await context.print('\nBelow is subscription:\n')
      await context.print(formatted('%-20s %s\n', '#Topic', '#SubExpression'))
      for (const [name, { subString }] of hashOrder(subscriptionTable))
        await context.print(formatted('%-20s %s\n', name, subString ?? ''))
      await context.print(
        `\nConsumeType: ${consumeType}\nMessageModel: ${messageModel}\nConsumeFromWhere: ${consumeFromWhere}\n`,
      )
    },
  },
  {
    name: 'producerConnection',
    about: 'Shows the producers of a group.',
    options: [required('g', 'producerGroup', 'name of the group'), topic],
    async run(context) {
      const [broker] = (await routeOf(context, context.need('topic'))).brokerDatas
      const address = broker?.brokerAddrs.get(0) ?? ''
      const header = { producerGroup: context.need('producerGroup') }
      const { read } = await context.ask({ name: address, address }, commands.getProducerConnectionList, header)
      for (const [index, { clientId, clientAddr, language, version }] of read(
        producerConnectionBody.decode,
      ).connectionSet.entries()) {
        await context.print(
          formatted('%04d  %-32s %-22s %-8s %s\n', index + 1, clientId, clientAddr, language, versionName(version)),
        )
      }
    },
  },
  {
    name: 'producer',
    about: 'Shows all producers of a broker.',
    options: [required('b', 'broker', 'address of the broker')],
    async run(context) {
      const address = context.need('broker')
      const { read } = await context.ask({ name: address, address }, commands.getAllProducerInfo, {})
      for (const [name, clients] of read(producerTableBody.decode).data) {
        for (const { clientId, remoteIP, language, version, lastUpdateTimestamp } of clients) {
          await context.line(
            `producer group (${name}) instance : clientId=${clientId},remoteIP=${remoteIP}, language=${language}, version=${version}, lastUpdateTimestamp=${lastUpdateTimestamp}`,
          )
        }
      }
    },
  },
]

/** As one of the brokers of the group's retry topic knows it. */
export async function connectionsOf(context: ToolContext, name: string): Promise<ConsumerConnection> {
  const given = context.value('brokerAddr')
  const brokers =
    given === undefined
      ? mastersOf((await routeOf(context, retryTopicOf(name))).brokerDatas)
      : [{ name: given, address: given }]
  const broker = brokers[0] ?? { name: '', address: '' }
  const { read } = await context.ask(broker, commands.getConsumerConnectionList, { consumerGroup: name })
  return read(consumerConnectionBody.decode)
}
