import { clusterRates, groupRates, namedRate, onlyKeys, sorted, sortedRoute, statusRates } from './normalise.ts'
import { group, idleGroup, type Prepared, topic } from './state.ts'

export interface ComparedCommand {
  /** What is typed after `mqadmin`, but for `-n`. */
  line: string
  /** The arguments, where they depend on the cluster; else those of the line. */
  args?(prepared: Prepared): string[]
  /** Run again until it prints this, at most half a minute: what it tells comes with a delay. */
  until?: RegExp
  /** What else it did, after it has printed. */
  also?(prepared: Prepared): string
  /** Further normalisation of what it prints. */
  view?: ((text: string) => string)[]
}

export const plain = (line: string, ...view: ((text: string) => string)[]): ComparedCommand => ({ line, view })

/**
 * `A` and `B` are the brokers' addresses, `ID` and `OFFSETID` those of the message with key-4 or with the key behind a colon, `CLIENT`
 * the consumer.
 */
export const filled = (line: string, ...view: ((text: string) => string)[]): ComparedCommand => ({
  line,
  args: ({ cluster, ids, clientId }) =>
    line.split(' ').map((word) => {
      if (word === 'A') return cluster.brokers[0]?.address ?? word
      if (word === 'B') return cluster.brokers[1]?.address ?? word
      if (word === 'CLIENT') return clientId
      const [kind, key = 'key-4'] = word.split(':')
      if (kind === 'ID') return ids.get(key)?.uniqueId ?? word
      if (kind === 'OFFSETID') return ids.get(key)?.offsetId ?? word
      return word
    }),
  view,
})

/** Run in this order on each cluster: later ones see what earlier ones changed. */
export const commands: ComparedCommand[] = [
  plain('clusterList', clusterRates),
  plain('clusterList -m'),
  plain('topicList', sorted),
  plain('topicList -c', sorted),
  plain(`topicRoute -t ${topic}`, sortedRoute),
  plain(`topicRoute -t ${topic} -l`),
  plain('topicRoute -t NoSuchTopic'),
  plain(`topicStatus -t ${topic}`, namedRate),
  plain('topicStatus -t ReadOnlyTopic', namedRate),
  plain('topicStatus -t NoSuchTopic'),
  plain('topicStatus -t %RETRY%compare-group', namedRate),
  filled('brokerStatus -b A', statusRates),
  plain('brokerStatus -c DefaultCluster', statusRates, sorted),
  plain('consumerProgress', groupRates),
  plain(`consumerProgress -g ${group}`, namedRate),
  plain(`consumerProgress -g ${group} -t ${topic}`, namedRate),
  plain(`consumerProgress -g ${group} -s true`, namedRate),
  plain(`consumerProgress -g ${idleGroup}`, namedRate),
  plain('consumerProgress -g no-such-group'),
  filled('brokerConsumeStats -b A', sorted),
  plain(`consumerConnection -g ${group}`),
  plain('consumerConnection -g no-such-group'),
  plain(`producerConnection -g admin-producers -t ${topic}`),
  plain(`queryMsgByKey -t ${topic} -k key-4`),
  plain(`queryMsgByKey -t ${topic} -k no-such-key`),
  filled(`queryMsgById -t ${topic} -i OFFSETID`, sorted),
  filled(`queryMsgByUniqueKey -t ${topic} -i ID`, sorted),
  plain(`queryMsgByOffset -t ${topic} -b broker-a -i 2 -o 0`, sorted),
  plain(`queryMsgByOffset -t ${topic} -b broker-b -i 0 -o 1`, sorted),
  plain(`printMsg -t ${topic} -d true`, sorted),
  plain(`printMsg -t ${topic} -s TagB -d true`, sorted),
  plain(`printMsgByQueue -t ${topic} -a broker-a -i 1 -p true -d true`),
  plain(`printMsgByQueue -t ${topic} -a broker-a -i 1 -f true`),
  plain(`sendMessage -t ${topic} -p sent-by-mqadmin -k admin-key -c TagA -b broker-a -i 3`),
  plain(`consumeMessage -t ${topic} -b broker-a -i 3 -o 0 -c 1`),
  plain(`topicStatus -t ${topic}`, namedRate),
  plain(`queryMsgByKey -t ${topic} -k admin-key`),
  plain('updateTopic -t MadeTopic -c DefaultCluster -r 2 -w 2', sorted),
  filled('updateTopic -t MadeTopic -b A -r 6 -w 5 -p 4'),
  plain('topicRoute -t MadeTopic', sortedRoute),
  plain('topicRoute -t MadeTopic -l'),
  plain('topicStatus -t MadeTopic', namedRate),
  plain('deleteTopic -t MadeTopic -c DefaultCluster'),
  plain('topicRoute -t MadeTopic'),
  filled('updateTopic -t bad/name -b A -r 1 -w 1'),
  filled('updateSubGroup -g made-group -b A -r 3 -q 2'),
  plain('getConsumerConfig -g made-group'),
  filled('deleteSubGroup -g made-group -b A'),
  plain(`resetOffsetByTime -g ${idleGroup} -t ${topic} -s now`, sorted),
  filled('brokerConsumeStats -b B', sorted),
  filled(
    'getBrokerConfig -b A',
    onlyKeys(
      'autoCreateSubscriptionGroup',
      'autoCreateTopicEnable',
      'brokerClusterName',
      'brokerId',
      'brokerIP1',
      'brokerName',
      'brokerPermission',
      'brokerRole',
      'defaultTopicQueueNums',
      'deleteWhen',
      'fileReservedTime',
      'flushDiskType',
      'listenPort',
      'mappedFileSizeCommitLog',
      'maxMessageSize',
      'messageDelayLevel',
      'namesrvAddr',
      'storePathRootDir',
    ),
  ),
  filled('updateBrokerConfig -b A -k fileReservedTime -v 71'),
  // Needs a restart: both show it at once.
  filled('updateBrokerConfig -b A -k serverSocketBacklog -v 2048'),
  filled('getBrokerConfig -b A', onlyKeys('fileReservedTime', 'serverSocketBacklog')),
  plain('updateKvConfig -s COMPARED -k colour -v blue'),
  plain('deleteKvConfig -s COMPARED -k colour'),
  // Tells the name servers of all changes so far, as MadeTopic's end: a registration because of them, every 30 s, would
  // give back the permission that is wiped next.
  plain('updateTopic -t LastTopic -c DefaultCluster -r 1 -w 1', sorted),
  plain('wipeWritePerm -b broker-a'),
  plain(`topicRoute -t ${topic}`, sortedRoute),
  plain('addWritePerm -b broker-a'),
  plain(`topicRoute -t ${topic}`, sortedRoute),
  plain('clusterList -m'),
]
