import type { Log } from '@rocketmq-ts/platform'
import { type commands, topicRouteBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { queueLayout, type RouteTable } from '../../routes/index.ts'
import { shownNames } from '../../shown-names.ts'

/** REGISTER_TOPIC_IN_NAMESRV (217): adds one topic to living brokers. */
export function registerTopicInNamesrv(routes: RouteTable, log: Log): Handler<typeof commands.registerTopicInNamesrv> {
  return ({ topic }, { body, connection }) => {
    const { queueDatas } = topicRouteBody.decode(body)
    routes.addTopic(topic, new Map(queueDatas.map((queues) => [queues.brokerName, queueLayout(queues)])))
    const brokers = shownNames(queueDatas.map(({ brokerName }) => brokerName))
    log.info({ topic, brokers, peer: connection.remoteAddress }, 'a topic was registered by a request of its own')
    return {}
  }
}
