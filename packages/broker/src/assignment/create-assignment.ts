import type { Clock } from '@rocketmq-ts/platform'
import { isLightQueue } from '@rocketmq-ts/protocol'
import type { RemotingClient } from '@rocketmq-ts/remoting'
import type { ConsumerRegistry } from '../clients/index.ts'
import type { GroupTable } from '../groups/index.ts'
import type { KeptFolder } from '../kept/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { TopicTable } from '../topics/index.ts'
import { getAllMessageRequestMode } from './handlers/get-all-message-request-mode.ts'
import { queryAssignment } from './handlers/query-assignment.ts'
import { setMessageRequestMode } from './handlers/set-message-request-mode.ts'
import { RequestModes } from './request-modes.ts'
import { TopicRoutes } from './topic-routes.ts'

export interface AssignmentParts {
  clock: Clock
  /** `host:port` of each, as they are now. */
  nameServers(): readonly string[]
  /** How they are called. */
  calls: Pick<RemotingClient, 'call'>
  consumers: ConsumerRegistry
  config: KeptFolder
  settings(): BrokerSettings
  topics: Pick<TopicTable, 'get' | 'onDelete'>
  groups: Pick<GroupTable, 'get' | 'find' | 'onDelete'>
}

/** Dividing the queues of topics among the members of groups that leave it to the broker. */
export function createAssignment(parts: AssignmentParts) {
  const { clock, nameServers, calls, consumers, config, settings, topics, groups } = parts
  const routes = new TopicRoutes({ clock, calls, nameServers })
  const modes = new RequestModes(config, settings)
  modes.keepOnly((topic, group) => topics.get(topic) !== undefined && groups.get(group) !== undefined)
  topics.onDelete((topic) => modes.removeTopic(topic))
  groups.onDelete((group) => modes.removeGroup(group))
  return {
    handlers: {
      queryAssignment: queryAssignment({
        routes,
        consumers,
        modes,
        settings,
        brokerName: settings().brokerName,
        isLightQueue: (topic) => settings().enableLmq && isLightQueue(topic),
      }),
      setMessageRequestMode: setMessageRequestMode({ modes, topics, groups }),
      getAllMessageRequestMode: getAllMessageRequestMode({ modes }),
    },
    /** Resolves when modes of deleted topics and groups are gone for good. */
    whenModesRemoved: () => modes.removed(),
    close: () => modes.close(),
  }
}
