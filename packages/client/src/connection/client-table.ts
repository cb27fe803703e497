import type { AnyCommand, commands } from '@rocketmq-ts/protocol'
import {
  type CommandTable,
  type Entry,
  get,
  group,
  type Handler,
  publish,
  serve,
  subscribe,
  topic,
  unsupported,
  update,
} from '@rocketmq-ts/remoting'

/** What brokers ask of clients. A client answers what belongs to its role. */
export interface ClientHandlers {
  readonly checkTransactionState?: Handler<typeof commands.checkTransactionState>
  readonly notifyConsumerIdsChanged?: Handler<typeof commands.notifyConsumerIdsChanged>
  readonly resetConsumerClientOffset?: Handler<typeof commands.resetConsumerClientOffset>
  readonly getConsumerStatusFromClient?: Handler<typeof commands.getConsumerStatusFromClient>
  readonly getConsumerRunningInfo?: Handler<typeof commands.getConsumerRunningInfo>
  readonly consumeMessageDirectly?: Handler<typeof commands.consumeMessageDirectly>
  readonly pushReplyMessageToClient?: Handler<typeof commands.pushReplyMessageToClient>
  readonly notifyUnsubscribeLite?: Handler<typeof commands.notifyUnsubscribeLite>
}

const lane = { name: 'asked by brokers', waitingMax: 1000 }

export function clientTable(handlers: ClientHandlers): CommandTable<'client'> {
  const row = <C extends AnyCommand>(
    access: Parameters<typeof serve<C>>[1],
    handler: Handler<C> | undefined,
    role: string,
  ): Entry<C> => (handler === undefined ? unsupported(`this client is no ${role}`) : serve(lane, access, handler))
  const topicAndGroup = [topic('topic'), group('group')] as const
  return {
    checkTransactionState: row(publish(topic('topic')), handlers.checkTransactionState, 'producer of transactions'),
    notifyConsumerIdsChanged: row(subscribe(group('consumerGroup')), handlers.notifyConsumerIdsChanged, 'consumer'),
    resetConsumerClientOffset: row(update(...topicAndGroup), handlers.resetConsumerClientOffset, 'consumer'),
    getConsumerStatusFromClient: row(get(...topicAndGroup), handlers.getConsumerStatusFromClient, 'consumer'),
    getConsumerRunningInfo: row(get(group('consumerGroup')), handlers.getConsumerRunningInfo, 'consumer'),
    consumeMessageDirectly: row(
      subscribe(group('consumerGroup'), topic('topic')),
      handlers.consumeMessageDirectly,
      'consumer',
    ),
    pushReplyMessageToClient: row(
      subscribe(group('producerGroup'), topic('topic')),
      handlers.pushReplyMessageToClient,
      'producer that asks',
    ),
    notifyUnsubscribeLite: row(
      subscribe(group('consumerGroup')),
      handlers.notifyUnsubscribeLite,
      'consumer of lite topics',
    ),
  }
}
