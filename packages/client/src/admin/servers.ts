import { commands, formatJavaProperties, keyValueTableBody, parseJavaProperties } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { invalidArgument } from '../rocketmq-error.ts'
import { brokersTold, type ClusterCalls } from './cluster-calls.ts'
import type { NameServerView } from './descriptions.ts'

/** What a broker tells of itself. */
export async function brokerStatus(
  calls: ClusterCalls,
  broker: string,
  deadline: Deadline,
): Promise<ReadonlyMap<string, string>> {
  const { read } = await calls.ask(await calls.master(broker, deadline), commands.getBrokerRuntimeInfo, {}, deadline)
  return read(keyValueTableBody.decode).table
}

/** What a broker's settings are at the moment. @throws RocketMQError */
export async function brokerConfiguration(
  calls: ClusterCalls,
  broker: string,
  deadline: Deadline,
): Promise<Map<string, string>> {
  const { read } = await calls.ask(await calls.master(broker, deadline), commands.getBrokerConfig, {}, deadline)
  return read(propertiesTold)
}

/** @throws RocketMQError with the broker's reason; then nothing is changed */
export async function changeBrokerConfiguration(
  calls: ClusterCalls,
  broker: string,
  values: Readonly<Record<string, string>>,
  deadline: Deadline,
): Promise<void> {
  const master = await calls.master(broker, deadline)
  await calls.ask(master, commands.updateBrokerConfig, {}, deadline, propertiesBody(values))
}

/** What each name server knows of brokers, those that do not answer included. */
export async function nameServerViews(calls: ClusterCalls, deadline: Deadline): Promise<NameServerView[]> {
  const { nameServers } = calls.client
  const views = await nameServers.readEach(commands.getBrokerClusterInfo, {}, deadline, brokersTold)
  return views.map(({ address, answer: brokers, error }) => ({ address, brokers, error }))
}

/** What the settings of each name server are. @throws RocketMQError when one does not answer */
export async function nameServerConfigurations(
  calls: ClusterCalls,
  deadline: Deadline,
): Promise<Map<string, Map<string, string>>> {
  const configurations = new Map<string, Map<string, string>>()
  const { nameServers } = calls.client
  for (const { address, answer, error } of await nameServers.readEach(
    commands.getNamesrvConfig,
    {},
    deadline,
    ({ body }) => propertiesTold(body ?? Buffer.alloc(0)),
  )) {
    if (answer === undefined) throw error
    configurations.set(address, answer)
  }
  return configurations
}

/** Changes all name servers. @throws RocketMQError when one does not; others may have */
export async function changeNameServerConfiguration(
  calls: ClusterCalls,
  values: Readonly<Record<string, string>>,
  deadline: Deadline,
): Promise<void> {
  const body = propertiesBody(values)
  for (const { error } of await calls.client.nameServers.askEach(commands.updateNamesrvConfig, {}, deadline, body)) {
    if (error !== undefined) throw error
  }
}

/**
 * Takes the right to write away from a broker in all name servers, or gives it back.
 * @returns topics that this changed, by name server
 */
export async function setWritable(
  calls: ClusterCalls,
  broker: string,
  isWritable: boolean,
  deadline: Deadline,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const { nameServers } = calls.client
  const { addWritePermOfBroker: give, wipeWritePermOfBroker: take } = commands
  const header = { brokerName: broker }
  const changed = isWritable
    ? await nameServers.readEach(
        give,
        header,
        deadline,
        (told) => give.responseCodec.decode(told.extFields).addTopicCount,
      )
    : await nameServers.readEach(
        take,
        header,
        deadline,
        (told) => take.responseCodec.decode(told.extFields).wipeTopicCount,
      )
  for (const { address, answer, error } of changed) {
    if (answer === undefined) throw error
    counts.set(address, answer)
  }
  return counts
}

function propertiesTold(body: Buffer): Map<string, string> {
  return parseJavaProperties(body.toString('utf8'))
}

function propertiesBody(values: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(values)
  if (entries.length === 0) throw invalidArgument('no setting is given')
  return Buffer.from(formatJavaProperties(entries), 'utf8')
}
