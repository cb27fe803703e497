import type { SettlingCommand } from './busy-commands.ts'
import { busyTopic, liteGroup, liteTopic } from './busy-state.ts'
import { type ComparedCommand, filled } from './commands.ts'
import { sorted } from './normalise.ts'
import { group, idleGroup, topic } from './state.ts'

/** The rates of the last minute, and what one tool sends after the other. */
const withoutRates = (printed: string): string => printed.replaceAll(/ +\d+\.\d\d/g, ' <rate>')

const withoutFolders = (printed: string): string => printed.replaceAll(/<time in ms>\/\S+/g, '<file>')

const withoutTimes = (printed: string): string =>
  printed
    .replaceAll(/rt=\d+ms/g, 'rt=<ms>')
    .replaceAll(/(true|false) +\d+$/gm, '$1 <ms>')
    .replaceAll(/Avg RT: \S+/g, 'Avg RT: <ms>')
    .replaceAll(/queue(Id|Offset)=\d+/g, 'queue$1=<number>')
    .replaceAll(/( in hex>)[0-9A-F]{16}/g, '$1<offset>')

/** Its rows come in the order in which they joined, of which the tools themselves are some. */
const withoutHeartbeats = (text: string): string =>
  sorted(text.replaceAll(/lastUpdateTimestamp=\S+/g, 'lastUpdateTimestamp=<time>'))

/** Commands that are compared of the two tools beside those that are compared of the two clusters. */
export const moreCommands: ComparedCommand[] = [
  { line: `topicClusterList -t ${topic}` },
  {
    line: 'updateTopicPerm -t LastTopic -p 4 -c DefaultCluster',
    view: [sorted, (printed) => printed.replaceAll(/from \d/g, 'from <perm>')],
  },
  { line: `cloneGroupOffset -s ${group} -d ${idleGroup} -t ${topic}` },
  { line: 'cleanUnusedTopic -c DefaultCluster' },
  { line: 'deleteExpiredCommitLog -c DefaultCluster' },
  { line: 'getNamesrvConfig', view: [sorted] },
  { line: 'updateNamesrvConfig -k clusterTest -v false' },
  { line: 'updateSubGroup -g other-group -c DefaultCluster', view: [sorted] },
  { line: 'deleteSubGroup -g other-group -c DefaultCluster', view: [sorted] },
  { line: `skipAccumulatedMessage -g ${idleGroup} -t ${topic}`, view: [sorted] },
  { line: `resetOffsetByTime -g ${idleGroup} -t ${topic} -s 2020-01-01#00:00:00:000`, view: [sorted] },
  { line: `setConsumeMode -c DefaultCluster -t ${topic} -g ${idleGroup} -m POP -q 3`, view: [sorted] },
  { line: `setConsumeMode -c DefaultCluster -t ${topic} -g no-such-group -m PULL`, view: [sorted] },
  { line: `setConsumeMode -c DefaultCluster -t ${topic} -g ${idleGroup} -m PULL`, view: [sorted] },
  { line: 'statsAll', view: [withoutRates, sorted] },
  { line: `statsAll -a -t ${topic}`, view: [withoutRates, sorted] },
  { line: `consumerStatus -g ${group}`, view: [withoutFolders] },
  { line: `queryCq -t ${topic} -q 1 -i 0 -c 2` },
  { line: `queryCq -t ${topic} -q 1 -i 0 -c 2 -g ${group}` },
  { line: `checkMsgSendRT -t ${topic} -a 4 -s 16`, view: [withoutTimes, sorted] },
  { line: 'sendMsgStatus -b broker-a -c 3', view: [withoutTimes] },
  { line: 'queryMsgTraceById -i no-such-message' },
  filled('producer -b A', withoutHeartbeats),
  filled('getColdDataFlowCtrInfo -b A'),
  filled(`updateColdDataFlowCtrGroupConfig -b A -g ${group} -v 1000`),
  { line: `updateColdDataFlowCtrGroupConfig -c DefaultCluster -g ${idleGroup} -v 2000`, view: [sorted] },
  { line: 'getColdDataFlowCtrInfo -c DefaultCluster', view: [sorted] },
  filled(`removeColdDataFlowCtrGroupConfig -b A -g ${group}`),
  { line: `removeColdDataFlowCtrGroupConfig -g ${group}` },
  filled('setCommitLogReadAheadMode -m 1 -b A'),
  { line: 'setCommitLogReadAheadMode -m 0 -c DefaultCluster', view: [sorted] },
  filled('setCommitLogReadAheadMode -m 2 -b A'),
  filled('resetMasterFlushOffset -b A -o 0'),
  filled('resetMasterFlushOffset -b A'),
  filled('haStatus -b A'),
  { line: 'haStatus -c DefaultCluster', view: [sorted] },
  filled('exportPopRecord -b A'),
  { line: 'exportPopRecord -c DefaultCluster', view: [sorted] },
  filled('exportPopRecord -b 127.0.0.1:1'),
  { line: `checkRocksdbCqWriteProgress -c DefaultCluster -t ${topic}`, view: [sorted] },
  { line: 'checkRocksdbCqWriteProgress -c NoCluster' },
  filled('switchTimerEngine -b A -e F'),
  filled('switchTimerEngine -b A -e R'),
  filled('switchTimerEngine -b A -e X'),
  { line: 'switchTimerEngine -c DefaultCluster -e F', view: [sorted] },
  { line: 'updateBrokerConfig -c DefaultCluster -k fileReservedTime -v 70 -a true', view: [sorted] },
  {
    line: 'updateTopic -t OrderedTopic -c DefaultCluster -r 1 -w 1 -o true',
    view: [sorted, (printed) => printed.replaceAll(/broker-[ab]:1;broker-[ab]:1/g, '<both brokers>')],
  },
  { line: 'cleanExpiredCQ -c DefaultCluster' },
  { line: 'cleanExpiredCQ --cluster DefaultCluster' },
  ...[
    '{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":5000,"max":7200000,"multiplier":2}}',
    '{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,5000]}}',
    '{"type":"EXPONENTIAL"}',
    'nonsense',
  ].map((policy) => filled(`updateSubGroup -g of-policy -b A -p ${policy}`)),
  filled('updateSubGroup -g of-attributes -b A --attributes +lite.bind.topic=LiteTopic'),
  filled('updateSubGroup -g of-attributes -b A --attributes +no.such=1'),
  filled('updateSubGroup -g of-attributes -b A --attributes nonsense'),
  { line: 'getConsumerConfig -g of-policy' },
  { line: 'getConsumerConfig -g of-attributes' },
  { line: `consumeMessage -t ${topic} -b broker-b -i 0 -o 0 -c 2` },
  { line: `consumeMessage -t ${topic} -b broker-b -i 0 -o 1` },
  { line: `consumeMessage -t ${topic} -b broker-b -i 0 -o 99` },
  { line: `consumeMessage -t ${topic} -b broker-b -i 0 -g ${group} -s 0 -e 1` },
  { line: `consumeMessage -t ${topic} -i 0` },
  { line: `consumeMessage -t ${topic}`, view: [sorted] },
]

const spent = (text: string): string => text.replaceAll(/(spentTimeMills=)\d+/g, '$1<ms>')

const ages = (text: string): string => text.replaceAll(/(?:<time in ms>|\d+) \(\d+ s ago\)/g, '<time> (<age>)')

/** The official tool sends it with the id that it has, ours with a new one, and each to the next queue. */
const anotherId = (text: string): string =>
  text
    .replaceAll(/msgId=[^,]+, offsetMsgId=[^,]+/g, 'msgId=<id>')
    .replaceAll(/brokerName=[^\]]+\], queueOffset=\d+/g, '<place>')

/** A command that changes nothing; `MEMBER:GROUP` is the Java client that is a member of the group. */
const asked = (line: string, ...view: ComparedCommand['view'] & object): SettlingCommand => ({
  ...ofMember(line, ...view),
  settles: true,
})

const ofMember = (line: string, ...view: ComparedCommand['view'] & object): ComparedCommand => {
  const { args } = filled(line, ...view)
  return {
    line,
    view,
    args: (prepared) => args!(prepared).map((word) => word.replace(/^MEMBER:/, `${addressOf(prepared.clientId)}@`)),
  }
}

/** Of this machine, with which the ids of clients begin. */
const addressOf = (clientId: string): string => clientId.split('@')[0]!

/** Of the cluster that works: options that the comparison of two clusters has no need of. */
export const moreBusyCommands: SettlingCommand[] = [
  ...['-b A', '-c DefaultCluster', '-b A -d', '-c DefaultCluster -d', '-c NoCluster', '-b 127.0.0.1:1'].map((options) =>
    asked(`getBrokerLiteInfo ${options}`, sorted),
  ),
  asked(`getLiteTopicInfo -p ${liteTopic} -l room -s`, sorted),
  asked(`getLiteTopicInfo -p ${liteTopic} -l void -s`, sorted),
  asked(`getLiteClientInfo -p ${liteTopic} -g ${liteGroup} -c CLIENT -s`, sorted),
  ...['', ' -k 0', ' -k 1', ' -l room'].map((options) =>
    asked(`getLiteGroupInfo -p ${liteTopic} -g ${liteGroup}${options}`, sorted, ages),
  ),
  asked(`getLiteGroupInfo -p ${liteTopic} -g ${liteGroup} -k x`),
  ofMember(`queryMsgById -t ${busyTopic} -i OFFSETID:busy-6 -g by-tag -d MEMBER:by-tag`, spent),
  ofMember(`queryMsgById -t ${busyTopic} -i OFFSETID:busy-6 -g pulling -d MEMBER:pulling`),
  asked(`queryMsgById -t ${busyTopic} -i ID:busy-6 -c DefaultCluster`, sorted),
  asked(`queryMsgById -t ${busyTopic} -i ID:busy-6 -c NoCluster`),
  asked(`queryMsgById -t ${busyTopic} -i OFFSETID:busy-0 -f NOPE`),
  asked(`queryMsgById -t ${busyTopic} -i OFFSETID:busy-0 -f ISO-8859-1`, sorted),
  asked(`queryMsgByUniqueKey -t ${busyTopic} -i ID:busy-6 -a`, sorted),
  ofMember(`queryMsgByUniqueKey -t ${busyTopic} -i ID:busy-6 -g by-tag -d MEMBER:by-tag`, spent),
  asked(`queryMsgByOffset -t ${busyTopic} -b broker-a -i 0 -o 0 -f UTF-8`, sorted),
  asked(`queryMsgByOffset -t nothing -b broker-a -i 0 -o 0 -r ${busyTopic}`),
  asked(`printMsgByQueue -t ${busyTopic} -a broker-a -i 0 -p true -d true -c GBK`),
  ofMember(`queryMsgById -t ${busyTopic} -i OFFSETID:busy-0 -s true`, anotherId),
  ofMember(`sendMessage -t ${busyTopic} -p traced -b broker-a -i 0 -m true`),
]

/** Commands whose files are compared by tests of their own. */
export const withFiles = [
  'exportMetadata',
  'exportConfigs',
  'exportMetrics',
  'dumpCompactionLog',
  'updateTopicList',
  'updateSubGroupList',
]

export const neverEnding = ['clusterRT']
