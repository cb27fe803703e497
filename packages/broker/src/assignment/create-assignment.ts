import type { Clock } from '@rocketmq-ts/platform'
import type { RemotingClient } from '@rocketmq-ts/remoting'
import type { ConsumerRegistry } from '../clients/index.ts'
import { queryAssignment } from './handlers/query-assignment.ts'
import { TopicRoutes } from './topic-routes.ts'

export interface AssignmentParts {
  clock: Clock
  nameServers: readonly string[]
  /** How they are called. */
  calls: Pick<RemotingClient, 'call'>
  consumers: ConsumerRegistry
}

/** Dividing the queues of topics among the members of groups that leave it to the broker. */
export function createAssignment({ clock, nameServers, calls, consumers }: AssignmentParts) {
  const routes = new TopicRoutes({ clock, calls, nameServers })
  return { handlers: { queryAssignment: queryAssignment({ routes, consumers }) } }
}
