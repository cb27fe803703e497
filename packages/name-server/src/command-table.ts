import type { Clock, Log } from '@rocketmq-ts/platform'
import {
  anyOf,
  type CommandTable,
  cluster,
  get,
  type Lane,
  list,
  ownCluster,
  serve,
  topic,
  update,
} from '@rocketmq-ts/remoting'
import type { LiveSettings } from './configuration/live-settings.ts'
import { brokerHeartbeat } from './handlers/brokers/broker-heartbeat.ts'
import { getBrokerMemberGroup } from './handlers/brokers/get-broker-member-group.ts'
import { queryDataVersion } from './handlers/brokers/query-data-version.ts'
import { registerBroker } from './handlers/brokers/register-broker.ts'
import { unregisterBroker } from './handlers/brokers/unregister-broker.ts'
import { getNamesrvConfig } from './handlers/configuration/get-namesrv-config.ts'
import { updateNamesrvConfig } from './handlers/configuration/update-namesrv-config.ts'
import { deleteKvConfig } from './handlers/key-values/delete-kv-config.ts'
import { getKvConfig } from './handlers/key-values/get-kv-config.ts'
import { getKvlistByNamespace } from './handlers/key-values/get-kvlist-by-namespace.ts'
import { putKvConfig } from './handlers/key-values/put-kv-config.ts'
import { addWritePermOfBroker } from './handlers/permissions/add-write-perm-of-broker.ts'
import { wipeWritePermOfBroker } from './handlers/permissions/wipe-write-perm-of-broker.ts'
import { getBrokerClusterInfo } from './handlers/routes/get-broker-cluster-info.ts'
import { getRouteinfoByTopic } from './handlers/routes/get-routeinfo-by-topic.ts'
import { deleteTopicInNamesrv } from './handlers/topics/delete-topic-in-namesrv.ts'
import { getAllTopicListFromNameserver } from './handlers/topics/get-all-topic-list-from-nameserver.ts'
import { getHasUnitSubTopicList } from './handlers/topics/get-has-unit-sub-topic-list.ts'
import { getHasUnitSubUnunitTopicList } from './handlers/topics/get-has-unit-sub-ununit-topic-list.ts'
import { getSystemTopicListFromNs } from './handlers/topics/get-system-topic-list-from-ns.ts'
import { getTopicsByCluster } from './handlers/topics/get-topics-by-cluster.ts'
import { getUnitTopicList } from './handlers/topics/get-unit-topic-list.ts'
import { registerTopicInNamesrv } from './handlers/topics/register-topic-in-namesrv.ts'
import type { KeyValueConfiguration } from './key-values/key-value-configuration.ts'
import type { RouteTable } from './routes/index.ts'

// Handlers answer in the turn in which a request arrives, so these limits are never reached.
const routeLane: Lane = { name: 'routes', waitingMax: 50_000 }
const registrationLane: Lane = { name: 'registration', waitingMax: 10_000 }
const administrationLane: Lane = { name: 'administration', waitingMax: 10_000 }

export interface CommandTableParts {
  routes: RouteTable
  keyValues: KeyValueConfiguration
  settings: LiveSettings
  clock: Pick<Clock, 'monotonic' | 'now'>
  log: Log
  /** Whether brokers had time to register since the start. */
  isReady(): boolean
}

/** All commands of a name server. */
export function nameServerCommandTable(parts: CommandTableParts): CommandTable<'name-server'> {
  const { routes, keyValues, settings, clock, log } = parts
  return {
    getRouteinfoByTopic: serve(routeLane, anyOf(['PUB', 'SUB', 'GET'], topic('topic')), getRouteinfoByTopic(parts)),
    getBrokerClusterInfo: serve(routeLane, get(ownCluster), getBrokerClusterInfo(routes)),

    registerBroker: serve(registrationLane, update(cluster('clusterName')), registerBroker(parts)),
    unregisterBroker: serve(registrationLane, update(cluster('clusterName')), unregisterBroker(routes, log)),
    queryDataVersion: serve(registrationLane, get(cluster('clusterName')), queryDataVersion(routes, clock)),
    brokerHeartbeat: serve(registrationLane, update(cluster('clusterName')), brokerHeartbeat(routes, clock)),
    getBrokerMemberGroup: serve(registrationLane, get(cluster('clusterName')), getBrokerMemberGroup(routes)),
    registerTopicInNamesrv: serve(registrationLane, update(ownCluster), registerTopicInNamesrv(routes, log)),

    deleteTopicInNamesrv: serve(administrationLane, update(cluster('clusterName')), deleteTopicInNamesrv(routes, log)),
    getAllTopicListFromNameserver: serve(
      administrationLane,
      list(ownCluster),
      getAllTopicListFromNameserver(routes, settings),
    ),
    getTopicsByCluster: serve(administrationLane, list(cluster('cluster')), getTopicsByCluster(routes, settings)),
    getSystemTopicListFromNs: serve(administrationLane, list(ownCluster), getSystemTopicListFromNs(routes)),
    getUnitTopicList: serve(administrationLane, list(ownCluster), getUnitTopicList(routes, settings)),
    getHasUnitSubTopicList: serve(administrationLane, list(ownCluster), getHasUnitSubTopicList(routes, settings)),
    getHasUnitSubUnunitTopicList: serve(
      administrationLane,
      list(ownCluster),
      getHasUnitSubUnunitTopicList(routes, settings),
    ),
    wipeWritePermOfBroker: serve(administrationLane, update(ownCluster), wipeWritePermOfBroker(routes, log)),
    addWritePermOfBroker: serve(administrationLane, update(ownCluster), addWritePermOfBroker(routes, log)),

    putKvConfig: serve(administrationLane, update(ownCluster), putKvConfig(keyValues, log)),
    getKvConfig: serve(administrationLane, get(ownCluster), getKvConfig(keyValues)),
    deleteKvConfig: serve(administrationLane, update(ownCluster), deleteKvConfig(keyValues, log)),
    getKvlistByNamespace: serve(administrationLane, get(ownCluster), getKvlistByNamespace(keyValues)),

    getNamesrvConfig: serve(administrationLane, get(ownCluster), getNamesrvConfig(settings)),
    updateNamesrvConfig: serve(administrationLane, update(ownCluster), updateNamesrvConfig(settings, clock, log)),
  }
}
