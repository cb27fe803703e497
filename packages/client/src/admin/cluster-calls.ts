import {
  type AnyCommand,
  type ClusterInfo,
  clusterInfoBody,
  commands,
  type RemotingCommand,
  type RequestOf,
  type ResponseOf,
  responseCodes,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { defaultBackoff, retrying } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { answerError, RocketMQError, type RocketMQErrorCode, readAnswer } from '../rocketmq-error.ts'
import { masterId } from '../routing/topic-route.ts'
import type { BrokerDescription } from './descriptions.ts'

/** A broker that takes requests. */
export interface Master {
  readonly name: string
  readonly address: string
}

export interface CallAnswer<C extends AnyCommand> {
  readonly header: ResponseOf<C>
  /**
   * What the body says. The bytes are given out in no other way.
   * @param decode throws when it cannot read the body
   * @throws RocketMQError INVALID_ANSWER then
   */
  readonly read: <Told>(decode: (body: Buffer) => Told) => Told
}

const noBody = Buffer.alloc(0)

/** What a name server says of the cluster. */
export function clusterTold({ body }: RemotingCommand): ClusterInfo {
  return clusterInfoBody.decode(body ?? noBody)
}

/** The brokers of a name server's answer, by their names. */
export function brokersTold(answer: RemotingCommand): BrokerDescription[] {
  return [...clusterTold(answer).brokerAddrTable.values()]
    .map(({ brokerName: name, cluster = '', brokerAddrs: addresses }) => ({ name, cluster, addresses }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

/** Requests to the brokers of a cluster, tried again while they are away. */
export class ClusterCalls {
  readonly client: ClusterClient

  constructor(client: ClusterClient) {
    this.client = client
  }

  async brokers(deadline: Deadline): Promise<BrokerDescription[]> {
    return this.client.nameServers.read(commands.getBrokerClusterInfo, {}, deadline, brokersTold)
  }

  /**
   * The brokers that take requests; waits for one while name servers know none.
   * @param names names, or addresses as `host:port`; all of them without it
   * @throws RocketMQError BROKER_NOT_EXIST for a name that no broker has
   */
  async masters(deadline: Deadline, names?: readonly string[]): Promise<Master[]> {
    const masters = await retrying({
      deadline,
      random: this.client.runtime.random,
      backoff: defaultBackoff,
      attempt: async () => {
        const found = (await this.brokers(deadline)).flatMap(({ name, addresses }) => {
          const address = addresses.get(masterId)
          return address === undefined ? [] : [{ name, address }]
        })
        if (found.length === 0) throw new RocketMQError('NO_ROUTE', 'the name servers know no broker at the moment')
        return found
      },
    })
    if (names === undefined) return masters
    return names.map((wanted) => {
      const master = masters.find(({ name, address }) => name === wanted || address === wanted)
      if (master !== undefined) return master
      const known = masters.map(({ name }) => name).join(', ')
      throw new RocketMQError('BROKER_NOT_EXIST', `no broker ${wanted} takes requests now; there are: ${known}`)
    })
  }

  async master(broker: string, deadline: Deadline): Promise<Master> {
    const [master] = await this.masters(deadline, [broker])
    return master!
  }

  /**
   * Asks a broker, again when it cannot be reached.
   * @throws RocketMQError also when the answer is not SUCCESS
   */
  async ask<C extends AnyCommand>(
    master: Master,
    command: C,
    header: RequestOf<C>,
    deadline: Deadline,
    body?: Buffer,
  ): Promise<CallAnswer<C>> {
    const answer = await this.askOr(master, command, header, deadline, [], body)
    return answer!
  }

  /**
   * Like `ask`.
   * @param codes of answers that say that there is nothing
   * @returns undefined for those
   */
  askOr<C extends AnyCommand>(
    master: Master,
    command: C,
    header: RequestOf<C>,
    deadline: Deadline,
    codes: readonly RocketMQErrorCode[],
    body?: Buffer,
  ): Promise<CallAnswer<C> | undefined> {
    return retrying({
      deadline,
      random: this.client.runtime.random,
      backoff: defaultBackoff,
      attempt: async (): Promise<CallAnswer<C> | undefined> => {
        const answer = await this.client.ask(master, { command, header, body }, deadline)
        if (answer.code === responseCodes.SUCCESS.code) {
          const place = { broker: master.name }
          return {
            header: readAnswer(
              command.name,
              place,
              () => command.responseCodec.decode(answer.extFields) as ResponseOf<C>,
            ),
            read: (decode) => readAnswer(command.name, place, () => decode(answer.body ?? noBody)),
          }
        }
        const error = answerError(command.name, answer, { broker: master.name })
        if (codes.includes(error.code)) return undefined
        throw error
      },
      // A broker that answers says the same again; one that cannot be reached may come back.
      onRetry: ({ responseCode }) => (responseCode === undefined ? 'later' : 'never'),
    })
  }
}
