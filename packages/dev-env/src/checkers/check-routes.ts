import type { TopicRoute } from '@rocketmq-ts/protocol'
import type { Violation } from './violation.ts'

/** A topic as the brokers that have it say. */
export interface ExpectedRoute {
  readonly topic: string
  /** Write queues by the names of the brokers. */
  readonly queuesOf: ReadonlyMap<string, number>
}

/** Decides whether a name server gives each topic's route, with every broker that has it and how many queues. */
export function checkRoutes(
  expected: readonly ExpectedRoute[],
  routes: ReadonlyMap<string, TopicRoute | undefined>,
): Violation[] {
  const violations: Violation[] = []
  for (const { topic, queuesOf } of expected) {
    const route = routes.get(topic)
    for (const [brokerName, queues] of queuesOf) {
      const given = route?.queueDatas.find((queue) => queue.brokerName === brokerName)?.writeQueueNums
      const hasAddress = route?.brokerDatas.some((broker) => broker.brokerName === brokerName) === true
      if (given === queues && hasAddress) continue
      const detail = `${topic} has ${queues} queues on ${brokerName}, its route ${given ?? 'none'}`
      violations.push({ rule: 'route not back', detail })
    }
  }
  return violations
}
