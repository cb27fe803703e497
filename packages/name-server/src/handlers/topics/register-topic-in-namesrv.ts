import { type commands, topicRouteBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { queueLayout, type RouteTable } from '../../routes/index.ts'

/** REGISTER_TOPIC_IN_NAMESRV (217): adds one topic to brokers that live. */
export function registerTopicInNamesrv(routes: RouteTable): Handler<typeof commands.registerTopicInNamesrv> {
  return ({ topic }, { body }) => {
    const { queueDatas } = topicRouteBody.decode(body)
    routes.addTopic(topic, new Map(queueDatas.map((queues) => [queues.brokerName, queueLayout(queues)])))
    return {}
  }
}
