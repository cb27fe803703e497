import {
  busyTopic,
  compactedTopic,
  delayTopic,
  liteGroup,
  liteTopic,
  members,
  staticTopic,
  transactionTopic,
} from './busy-state.ts'
import { type ComparedCommand, filled } from './commands.ts'
import { groupRates, namedRate, refusal, runningInfo, sorted } from './normalise.ts'

export interface SettlingCommand extends ComparedCommand {
  /** It changes nothing, and what it prints settles while the cluster does: both are asked again until they agree. */
  settles?: true
}

const asked = (line: string, ...view: ComparedCommand['view'] & object): SettlingCommand => ({
  ...filled(line, ...view),
  settles: true,
})
const changed: (line: string, ...view: ComparedCommand['view'] & object) => SettlingCommand = filled

const groups = [...new Set(members.map(({ group }) => group)), 'unused']
const topics = [busyTopic, compactedTopic, staticTopic, delayTopic, transactionTopic, liteTopic]

/** What is asked of groups with members that are behind, hold on to messages, have refused them, or are not there. */
const ofGroups: SettlingCommand[] = [
  asked('consumerProgress', groupRates, sorted),
  ...groups.flatMap((group) => [
    asked(`consumerProgress -g ${group}`, namedRate, sorted),
    asked(`consumerConnection -g ${group}`, sorted),
  ]),
  asked('consumerProgress -g behind -s true', namedRate, sorted),
  asked(`consumerProgress -g by-sql -t ${busyTopic}`, namedRate, sorted),
  asked('consumerProgress -g behind -t NoSuchTopic'),
  asked('consumerProgress -g behind -c NoCluster', namedRate, sorted),
  asked('consumerConnection -g behind -b 127.0.0.1:1'),
  ...['broadcast', 'pulling', 'lite-pulling', 'by-sql', 'unused'].map((group) =>
    asked(`consumerStatus -g ${group}`, runningInfo),
  ),
  asked('consumerStatus -g behind -i nobody'),
  asked('brokerConsumeStats -b A -l 1', sorted, openHalves),
  asked('brokerConsumeStats -b B -l 1', sorted),
  asked('brokerConsumeStats -b A -o true', sorted),
  asked('brokerConsumeStats -b 127.0.0.1:1'),
  asked(`getConsumerConfig -g ${liteGroup}`),
]

/** What is asked of topics, and of messages that groups have consumed, hold, have not got yet or do not want. */
const ofTopics: SettlingCommand[] = [
  ...[...topics, '%RETRY%behind', '%DLQ%refusing'].map((topic) => asked(`topicStatus -t ${topic}`, namedRate, sorted)),
  asked(`topicStatus -t ${busyTopic} -c NoCluster`, namedRate),
  ...[staticTopic, compactedTopic].flatMap((topic) => [
    asked(`topicRoute -t ${topic}`, sorted),
    asked(`topicRoute -t ${topic} -l`),
    asked(`topicClusterList -t ${topic}`),
  ]),
  asked('topicClusterList -t NoSuchTopic'),
  ...['busy-0', 'busy-1', 'busy-8'].map((key) => asked(`queryMsgByUniqueKey -t ${busyTopic} -i ID:${key}`, sorted)),
  asked(`queryMsgByUniqueKey -t ${compactedTopic} -i ID:compacted-0`, sorted),
  asked(`queryMsgByUniqueKey -t ${staticTopic} -i ID:static-1`, sorted),
  asked(`queryMsgByUniqueKey -t ${delayTopic} -i ID:delayed`, sorted),
  asked(`queryMsgByUniqueKey -t ${liteTopic} -i ID:room-0`, sorted),
  asked(`queryMsgByUniqueKey -t ${transactionTopic} -i ID:open`, sorted),
  asked('queryMsgByUniqueKey -t NoSuchTopic -i ID:busy-1'),
  asked(`queryMsgByUniqueKey -t ${busyTopic} -i nonsense`),
  asked(`queryMsgByUniqueKey -t ${busyTopic} -i ID:busy-1 -s 0 -e 1`),
  asked(`queryMsgById -t ${busyTopic} -i OFFSETID:busy-0`, sorted),
  asked(`queryMsgById -t ${busyTopic} -i OFFSETID:busy-6 -f UTF-8`, sorted),
  asked(`queryMsgById -t ${busyTopic} -i nonsense`),
  asked(`queryMsgById -t NoSuchTopic -i OFFSETID:busy-0`, sorted),
  asked(`queryMsgById -t ${busyTopic} -i OFFSETID:busy-0 -g no-such -d nobody`),
  ...['-m 1', '-m 0', '-m 100000', '-b 0 -e 1', '-c DefaultCluster', '-c NoCluster'].map((options) =>
    asked(`queryMsgByKey -t ${busyTopic} -k busy-1 ${options}`),
  ),
  asked(`queryMsgByKey -t ${busyTopic} -k TagA -p T`, sorted),
  asked(`queryMsgByKey -t ${busyTopic} -k busy-1 -p X`),
  asked('queryMsgByKey -t NoSuchTopic -k a'),
  asked(`queryMsgByKey -t ${compactedTopic} -k one`),
  asked(`queryMsgByKey -t ${staticTopic} -k static-1`),
  asked(`queryMsgByKey -t ${liteTopic} -k room-0`),
  ...['-b broker-a -i 99 -o 0', '-b broker-x -i 0 -o 0', '-b broker-a -i 0 -o -1'].map((place) =>
    asked(`queryMsgByOffset -t ${busyTopic} ${place}`, sorted),
  ),
  asked('queryMsgByOffset -t NoSuchTopic -b broker-a -i 0 -o 0'),
  asked(`queryMsgByOffset -t ${staticTopic} -b broker-a -i 0 -o 0`),
  asked(`printMsg -t ${staticTopic} -d true`, sorted),
  asked(`printMsg -t ${compactedTopic} -d true`, sorted, logPositions),
  asked(`printMsg -t ${liteTopic} -d true`, sorted),
  asked(`printMsg -t $room -l ${liteTopic} -d true`),
  asked(`printMsg -t ${busyTopic} -s TagC`, sorted),
  asked('printMsg -t NoSuchTopic'),
  asked(`printMsgByQueue -t ${busyTopic} -a broker-a -i 0 -s TagB -p true -d true`),
  asked(`printMsgByQueue -t ${busyTopic} -a broker-x -i 0 -p true`),
  asked(`queryCq -t ${busyTopic} -q 0 -i 0 -c 3 -b A -g by-sql`, wanted),
  asked(`queryCq -t ${busyTopic} -q 0 -i 0 -c 3 -b A -g by-tag`, wanted),
  asked(`queryCq -t ${busyTopic} -q 0 -i -5 -c 3 -b A`),
  asked(`queryCq -t ${busyTopic} -q 3 -i 0 -c 3 -b A`),
  asked(`queryCq -t ${busyTopic} -q 99 -i 0 -c 3 -b A`),
  asked('queryCq -t NoSuchTopic -q 0 -i 0 -c 3 -b A'),
  asked(`queryCq -t ${compactedTopic} -q 0 -i 0 -c 9 -b A`),
  asked('allocateMQ -t NoSuchTopic -i 127.0.0.1'),
  asked('checkRocksdbCqWriteProgress -c DefaultCluster -t NoSuchTopic'),
]

/**
 * What is asked of lite topics. The servers differ on purpose where we tell more: how many subscriptions a broker has that leads no
 * queue of a lite topic, which lite topics a client subscribes to, when it consumed, and in which of them a group is most behind.
 */
const ofLiteTopics: SettlingCommand[] = [
  ...[liteTopic, busyTopic, 'NoSuchTopic'].map((topic) => asked(`getParentTopicInfo -p ${topic}`, sorted)),
  asked(`getLiteTopicInfo -p ${liteTopic} -l hall -s`, sorted),
  asked(`getLiteTopicInfo -p ${liteTopic} -l no-such`, sorted),
  asked(`getLiteTopicInfo -p ${busyTopic} -l room`, sorted),
  asked('getLiteTopicInfo -p NoSuchTopic -l room', sorted),
  asked(`getLiteClientInfo -p ${liteTopic} -g ${liteGroup} -c nobody`, sorted),
  asked(`getLiteClientInfo -p ${liteTopic} -g behind -c CLIENT`, sorted),
  asked(`getLiteClientInfo -p NoSuchTopic -g ${liteGroup} -c CLIENT`, sorted),
  ...['hall', 'void', 'no-such'].map((name) =>
    asked(`getLiteGroupInfo -p ${liteTopic} -g ${liteGroup} -l ${name}`, sorted, ages),
  ),
  asked(`getLiteGroupInfo -p ${liteTopic} -g behind`, sorted),
  asked(`getLiteGroupInfo -p ${liteTopic} -g unheard-of`, sorted),
  asked(`getLiteGroupInfo -p NoSuchTopic -g ${liteGroup}`, sorted),
  ...['', ' -c CLIENT', ' -c nobody', ' -b broker-a', ' -b broker-x'].map((options) =>
    changed(`triggerLiteDispatch -p ${liteTopic} -g ${liteGroup}${options}`, sorted),
  ),
  changed(`triggerLiteDispatch -p ${liteTopic} -g unheard-of`, sorted),
  changed(`triggerLiteDispatch -p NoSuchTopic -g ${liteGroup}`, sorted),
]

/** What is changed while members are there, and what cannot be. Each sees what those before have done. */
const changes: SettlingCommand[] = [
  changed('updateTopic -t BadAttribute -b A -a +no.such=1'),
  changed('updateTopic -t BadAttribute -b A -a nonsense'),
  changed(`updateTopic -t ${compactedTopic} -b A -r 1 -w 1 -a +cleanup.policy=DELETE`),
  changed(`updateTopic -t ${busyTopic} -b A -r 4 -w 4 -a +queue.type=BatchCQ`),
  changed('updateTopic -t SysFlags -b A -r 1 -w 1 -u true -s true -o true'),
  changed('updateTopic -t Perm -b A -r 1 -w 1 -p 9'),
  changed('updateTopic -t Perm -b A -r 1 -w 1 -p x'),
  changed('updateTopic -t Dead -b 127.0.0.1:1 -r 1 -w 1'),
  changed('updateTopic -t Dead -c NoCluster -r 1 -w 1'),
  changed('updateTopic -t TBW102 -b A -r 1 -w 1'),
  changed('updateTopicPerm -t NoSuchTopic -p 4 -b A'),
  changed(`updateTopicPerm -t ${busyTopic} -p 6 -b A`),
  changed(`updateTopicPerm -t ${busyTopic} -p 99 -b A`),
  changed('deleteTopic -t NoSuchTopic -c DefaultCluster'),
  changed('deleteTopic -t NoSuchTopic -c NoCluster'),
  changed('deleteTopic -t TBW102 -c DefaultCluster'),
  changed('deleteSubGroup -g no-such-group -c NoCluster'),
  changed('updateSubGroup -g bad/name -b A'),
  changed(`setConsumeMode -t ${busyTopic} -g unused -m NOPE -b A`),
  changed('setConsumeMode -t %RETRY%behind -g behind -m POP -b A', refusal),
  ...['in-order', 'broadcast', 'pulling', 'popping', 'no-such', 'unused'].map((group) =>
    changed(`resetOffsetByTime -g ${group} -t ${busyTopic} -s 0`, sorted),
  ),
  changed('resetOffsetByTime -g unused -t NoSuchTopic -s 0'),
  changed(`resetOffsetByTime -g unused -t ${busyTopic} -s nonsense`),
  changed(`resetOffsetByTime -g unused -t ${busyTopic} -s now -f false`, sorted),
  changed(`resetOffsetByTime -g unused -t ${busyTopic} -s 0 -b A -q 1 -o 1`),
  changed(`resetOffsetByTime -g unused -t ${busyTopic} -s 0 -b A -q 1 -o 999`),
  changed(`resetOffsetByTime -g compacting -t ${compactedTopic} -s 0`, sorted),
  asked('consumerProgress -g unused', namedRate, sorted),
  changed(`skipAccumulatedMessage -g no-such -t ${busyTopic}`, sorted),
  changed('skipAccumulatedMessage -g unused -t NoSuchTopic'),
  changed(`skipAccumulatedMessage -g unused -t ${busyTopic} -f false`, sorted),
  asked('consumerProgress -g unused', namedRate, sorted),
  changed(`cloneGroupOffset -s in-order -d behind -t ${busyTopic}`),
  changed(`cloneGroupOffset -s no-such -d unused -t ${busyTopic}`),
  changed(`cloneGroupOffset -s in-order -d no-such -t ${busyTopic}`),
  changed('cloneGroupOffset -s in-order -d unused -t NoSuchTopic'),
  changed(`updateStaticTopic -t ${staticTopic} -qn 2 -b broker-a`, mapFiles),
  changed(`updateStaticTopic -t ${staticTopic} -qn 6 -c NoCluster`, mapFiles),
  changed(`updateStaticTopic -t ${staticTopic} -qn 6 -b broker-x`, mapFiles),
  changed(`updateStaticTopic -t ${busyTopic} -qn 6 -b broker-a`, mapFiles),
  changed('updateStaticTopic -t NewStatic -qn 0 -b broker-a', mapFiles),
  changed('updateStaticTopic -t NewStatic -qn x -b broker-a', mapFiles),
  changed(`updateStaticTopic -t ${staticTopic} -qn 6 -b broker-a`, mapFiles),
  changed(`remappingStaticTopic -t ${staticTopic} -b broker-b`, mapFiles),
  asked(`topicRoute -t ${staticTopic} -l`),
  asked(`topicStatus -t ${staticTopic}`, namedRate, sorted),
  asked('consumerProgress -g of-static', namedRate, sorted),
  asked(`printMsg -t ${staticTopic} -d true`, sorted),
  changed(`remappingStaticTopic -t ${staticTopic} -b broker-x`, mapFiles),
  changed('remappingStaticTopic -t NoSuchTopic -b broker-b', mapFiles),
  changed(`remappingStaticTopic -t ${busyTopic} -b broker-b`, mapFiles),
  changed(`remappingStaticTopic -t ${staticTopic} -b broker-a -mf /no/such`, mapFiles),
  changed(`updateOrderConf -t ${busyTopic} -m put`),
  changed(`updateOrderConf -t ${busyTopic} -m nonsense`),
  changed('deleteKvConfig -s N -k none'),
  changed('wipeWritePerm -b broker-x'),
  changed('addWritePerm -b broker-x'),
  changed('wipeWritePerm -b broker-b'),
  asked(`topicRoute -t ${staticTopic} -l`),
  changed('addWritePerm -b broker-b'),
  asked('getBrokerConfig -c NoCluster'),
  asked('getBrokerConfig -b 127.0.0.1:1'),
  asked('clusterList -c NoCluster'),
  asked('brokerStatus -b 127.0.0.1:1'),
  asked('brokerStatus -c NoCluster'),
  asked('haStatus -b 127.0.0.1:1'),
  ...['updateBrokerConfig -c NoCluster -k fileReservedTime -v 71', 'cleanUnusedTopic -c NoCluster'].map((line) =>
    changed(line),
  ),
  changed('removeColdDataFlowCtrGroupConfig -b A -g no-such'),
  changed('switchTimerEngine -c DefaultCluster -e F', sorted),
  changed('switchTimerEngine -b A -e X'),
  changed('sendMsgStatus -b broker-x'),
  asked('queryMsgTraceById -i ID:busy-0'),
  asked('queryMsgTraceById -i ID:busy-0 -t NoSuchTrace'),
]

export const busyCommands: SettlingCommand[] = [...ofGroups, ...ofTopics, ...ofLiteTopics, ...changes]

/** Whether the group wants a unit: the official broker tells that only of units with an extension, and ours of all. */
function wanted(text: string): string {
  return text.replaceAll(/eval=\w+/g, 'eval=<flag>')
}

/** Official brokers serve a compaction topic from its compacted log at once. */
function logPositions(text: string): string {
  return text.replaceAll(/(commitLogOffset=)\d+|(msgId=<broker-[ab] in hex>)[0-9A-F]{16}/g, '$1$2<position>')
}

/** An open transaction is stored anew with each check. */
function openHalves(text: string): string {
  return text.replaceAll(/^(RMQ_SYS_TRANS_HALF_TOPIC .* 0 +)\d+ +\d+ /gm, '$1<offsets> ')
}

function ages(text: string): string {
  return text.replaceAll(/\(\d+ s ago\)/g, '(<age>)')
}

/** The files that say what was before and what is to be are named by the time. */
function mapFiles(text: string): string {
  return text.replaceAll(/\S+\.(before|after)\b\S*/g, '<file>')
}
