import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ComparedCommand, filled, plain } from './commands.ts'
import {
  clusterRates,
  exportedJson,
  namedRate,
  onlyKeys,
  refusal,
  runningInfo,
  sendTimes,
  sorted,
  sortedMembers,
  sortedRoute,
  statisticsRates,
} from './normalise.ts'
import { group, idleGroup, type Prepared, topic } from './state.ts'

/** A list that is given as a file, in a folder of the cluster. */
function fileWith(prepared: Prepared, name: string, content: unknown): string {
  const folder = join(prepared.cluster.target.workFolder, 'given')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(content))
  return path
}

const newTopics = ['ListedOne', 'ListedTwo'].map((topicName, index) => ({
  topicName,
  readQueueNums: index + 2,
  writeQueueNums: index + 1,
  perm: 6,
  topicFilterType: 'SINGLE_TAG',
  topicSysFlag: 0,
  order: false,
}))
const newGroups = ['listed-one', 'listed-two'].map((groupName, index) => ({
  groupName,
  consumeEnable: true,
  consumeBroadcastEnable: false,
  retryMaxTimes: 5 + index,
}))

const withFile = (
  line: string,
  name: string,
  content: unknown,
  ...view: ComparedCommand['view'] & object
): ComparedCommand => ({
  line,
  args: (prepared) =>
    line
      .split(' ')
      .map((word) =>
        word === 'FILE'
          ? fileWith(prepared, name, content)
          : word === 'A'
            ? prepared.cluster.brokers[0]!.address
            : word,
      ),
  view,
})

/** What it prints, and the file that it writes. */
const exporting = (line: string, file: string, look: (json: unknown) => unknown): ComparedCommand => {
  const folder = (prepared: Prepared) => join(prepared.cluster.target.workFolder, 'exported')
  return {
    line,
    args: (prepared) =>
      line
        .split(' ')
        .map((word) =>
          word === 'FOLDER' ? folder(prepared) : word === 'A' ? prepared.cluster.brokers[0]!.address : word,
        ),
    also: (prepared) =>
      JSON.stringify(look(JSON.parse(readFileSync(join(folder(prepared), file), 'utf8'))), undefined, 1),
  }
}

/**
 * Commands that are compared beside those that the CLI of ours has. Left out are `startMonitoring` and `clusterRT`, which
 * never end, `rocksDBConfigToJson`, which we refuse, what concerns the controller and access control, and what reads local
 * files alone.
 */
export const furtherCommands: ComparedCommand[] = [
  plain(`topicClusterList -t ${topic}`),
  plain('clusterList -c DefaultCluster', clusterRates),
  plain('updateTopicPerm -t LastTopic -p 4 -c DefaultCluster', sorted, (text) =>
    text.replaceAll(/from \d/g, 'from <perm>'),
  ),
  filled('updateTopicPerm -t LastTopic -p 4 -b A'),
  plain('topicRoute -t LastTopic', sortedRoute),
  withFile('updateTopicList -b A -f FILE', 'topics.json', newTopics),
  withFile('updateTopicList -c DefaultCluster -f FILE', 'topics.json', newTopics, sorted),
  plain('topicRoute -t ListedTwo', sortedRoute),
  plain('updateTopicList -c DefaultCluster -f /no/such/file'),
  withFile('updateSubGroupList -b A -f FILE', 'groups.json', newGroups),
  withFile('updateSubGroupList -c DefaultCluster -f FILE', 'groups.json', newGroups, sorted),
  plain('getConsumerConfig -g listed-two'),
  filled('updateSubGroup -g full-group -b A -s true -m false -d true -o true -q 3 -r 7 -i 0 -w 1 -a false'),
  plain('getConsumerConfig -g full-group'),
  plain('deleteSubGroup -g listed-one -c DefaultCluster -r true', sorted),
  filled('updateTopic -t TypedTopic -b A -r 2 -w 2 -a +message.type=FIFO'),
  filled('updateTopic -t TypedTopic -b A -r 2 -w 2 -a +message.type=NOPE'),
  filled(`setConsumeMode -t ${topic} -g ${idleGroup} -m POP -q 2 -b A`),
  plain(`setConsumeMode -t ${topic} -g ${idleGroup} -m PULL -c DefaultCluster`, sorted),
  filled(`setConsumeMode -t NoSuchTopic -g ${idleGroup} -m POP -b A`, refusal),
  filled(`setConsumeMode -t ${topic} -g no-such-group -m POP -b A`, refusal),
  filled('resetMasterFlushOffset -b A -o 0'),
  filled('haStatus -b A', (text) => text.replaceAll(/(MaxOffset\s+)\d+/g, '$1<offset>')),
  plain('haStatus -c DefaultCluster', sorted, (text) => text.replaceAll(/(MaxOffset\s+)\d+/g, '$1<offset>')),
  filled('getColdDataFlowCtrInfo -b A', sortedMembers),
  filled(`updateColdDataFlowCtrGroupConfig -b A -g ${group} -v 1000`),
  plain(`updateColdDataFlowCtrGroupConfig -c DefaultCluster -g ${idleGroup} -v 2000`, sorted),
  filled('getColdDataFlowCtrInfo -b A', sortedMembers),
  filled(`removeColdDataFlowCtrGroupConfig -b A -g ${group}`),
  plain('getColdDataFlowCtrInfo -c DefaultCluster', sortedMembers),
  filled('setCommitLogReadAheadMode -m 1 -b A'),
  plain('setCommitLogReadAheadMode -m 0 -c DefaultCluster', sorted),
  filled('setCommitLogReadAheadMode -m 2 -b A'),
  plain(`checkRocksdbCqWriteProgress -c DefaultCluster -t ${topic}`),
  filled('switchTimerEngine -b A -e F'),
  filled('switchTimerEngine -b A -e R'),
  filled('exportPopRecord -b A'),
  plain('exportPopRecord -c DefaultCluster -d false', sorted),
  filled('producer -b A', sorted),
  filled('brokerConsumeStats -b A -l 1', sorted),
  filled('brokerConsumeStats -b A -o true', sorted),
  filled(`consumerConnection -g ${group} -b A`),
  plain(`consumerStatus -g ${group}`, runningInfo),
  filled(`consumerStatus -g ${group} -i CLIENT`, runningInfo),
  plain('consumerStatus -g no-such-group'),
  plain(`cloneGroupOffset -s ${group} -d ${idleGroup} -t ${topic}`),
  plain(`consumerProgress -g ${idleGroup}`, namedRate),
  plain(`skipAccumulatedMessage -g ${idleGroup} -t ${topic}`, sorted),
  plain(`resetOffsetByTime -g ${idleGroup} -t ${topic} -s 2020-01-01#00:00:00:000`, sorted),
  filled(`resetOffsetByTime -g ${idleGroup} -t ${topic} -b A -q 0 -o 1 -s 0`, sorted),
  plain(`consumerProgress -g ${idleGroup}`, namedRate),
  filled(`queryCq -t ${topic} -q 0 -i 0 -c 2 -b A`),
  filled(`queryCq -t ${topic} -q 0 -i 0 -c 2 -b A -g ${group}`, wanted),
  filled(`queryCq -t ${topic} -q 0 -i 99 -c 2 -b A`),
  filled(`queryMsgById -t ${topic} -i OFFSETID -g ${group} -d CLIENT`, sorted, spent),
  filled(`queryMsgByUniqueKey -t ${topic} -i ID -a`, sorted),
  filled(`queryMsgByUniqueKey -t ${topic} -i ID -g ${group} -d CLIENT`, sorted, spent),
  filled('queryMsgTraceById -i ID'),
  plain(`queryMsgByKey -t ${topic} -k TagA -p T`, sorted),
  plain(`printMsg -t ${topic} -b 0 -e 1 -d true`, sorted),
  plain(`consumeMessage -t ${topic} -b broker-b -i 0 -o 0 -c 2`, sorted),
  plain(`allocateMQ -t ${topic} -i 127.0.0.1,127.0.0.2`, brokersOfQueues),
  plain('cleanExpiredCQ -c DefaultCluster'),
  filled('cleanExpiredCQ -b A'),
  plain('cleanUnusedTopic -c DefaultCluster'),
  filled('cleanUnusedTopic -b A'),
  plain('deleteExpiredCommitLog -c DefaultCluster'),
  filled('deleteExpiredCommitLog -b A'),
  plain(
    'getNamesrvConfig',
    onlyKeys(
      'listenPort',
      'orderMessageEnable',
      'clusterTest',
      'returnOrderTopicConfigToBroker',
      'scanNotActiveBrokerInterval',
    ),
  ),
  plain('updateNamesrvConfig -k deleteTopicWithBrokerRegistration -v false'),
  plain('sendMsgStatus -b broker-a -s 16 -c 2', sendTimes),
  plain(`checkMsgSendRT -t ${topic} -a 2 -s 16`, sendTimes),
  { ...plain(`statsAll -t ${topic}`, sorted, statisticsRates), until: new RegExp(`${group} +0 `) },
  plain('statsAll -a -t ReadOnlyTopic', sorted, statisticsRates),
  plain('statsAll', sorted, statisticsRates),
  exporting('exportMetadata -b A -f FOLDER -t', 'topic.json', exportedJson),
  exporting('exportMetadata -b A -f FOLDER -g', 'subscriptionGroup.json', exportedJson),
  exporting('exportMetadata -c DefaultCluster -f FOLDER', 'metadata.json', exportedJson),
  exporting('exportConfigs -c DefaultCluster -f FOLDER', 'configs.json', exportedJson),
  exporting('exportMetrics -c DefaultCluster -f FOLDER', 'metrics.json', exportedJson),
  plain(`updateOrderConf -t ${topic} -m put -v broker-a:4;broker-b:4`),
  plain(`updateOrderConf -t ${topic} -m get`),
  plain(`updateOrderConf -t ${topic} -m delete`),
  plain(`updateOrderConf -t ${topic} -m get`),
  filled('addBroker -c A -b /no/such/file', refusal),
  filled('removeBroker -c A -b DefaultCluster:broker-a:0', refusal),
]

/** Queues are shared out in the order in which the brokers registered. */
function brokersOfQueues(text: string): string {
  return text.replaceAll(/"brokerName":"broker-[ab]","queueId":\d/g, '<queue>')
}

/** Whether the group wants a unit: the official broker tells that only of units with an extension, and ours of all. */
function wanted(text: string): string {
  return text.replaceAll(/eval=\w+/g, 'eval=<flag>')
}

function spent(text: string): string {
  return text.replaceAll(/(spentTimeMills=)\d+/g, '$1<ms>')
}
