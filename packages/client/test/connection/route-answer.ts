import { type RemotingCommand, topicRouteBody } from '@rocketmq-ts/protocol'

/** What a name server answers of a topic on one broker, `b` at `host:1`. */
export function routeAnswer(queues: number): RemotingCommand {
  const body = topicRouteBody.encode(
    {
      orderTopicConf: undefined,
      queueDatas: [{ brokerName: 'b', readQueueNums: queues, writeQueueNums: queues, perm: 6, topicSysFlag: 0 }],
      brokerDatas: [
        {
          cluster: 'c',
          brokerName: 'b',
          brokerAddrs: new Map([[0, 'host:1']]),
          zoneName: undefined,
          enableActingMaster: false,
        },
      ],
      filterServerTable: new Map(),
      topicQueueMappingByBroker: undefined,
    },
    'standard',
  )
  return { code: 0, body } as RemotingCommand
}
