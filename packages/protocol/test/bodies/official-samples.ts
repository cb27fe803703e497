import {
  type Body,
  brokerMemberGroupBody,
  brokerStatsBody,
  checkClientBody,
  clusterInfoBody,
  consumeDirectlyBody,
  consumeQueueQueryBody,
  consumerConnectionBody,
  consumerIdListBody,
  consumerOffsetsBody,
  consumerRunningInfoBody,
  consumerStatusBody,
  consumeStatsBody,
  consumeStatsListBody,
  consumeTimeSpanBody,
  correctionOffsetsBody,
  createTopicListBody,
  dataVersionBody,
  delayOffsetsBody,
  groupForbiddenBody,
  groupListBody,
  heartbeatBody,
  keyValueTableBody,
  lockBatchRequestBody,
  lockBatchResponseBody,
  messageRequestModeSettingBody,
  messageRequestModeTableBody,
  producerConnectionBody,
  producerTableBody,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
  querySubscriptionBody,
  registerBrokerBody,
  resetOffsetBody,
  resetOffsetListBody,
  subscriptionGroupConfigBody,
  subscriptionGroupListBody,
  subscriptionGroupTableBody,
  topicConfigAndMappingTableBody,
  topicConfigAndQueueMappingBody,
  topicConfigBody,
  topicConfigTableBody,
  topicListBody,
  topicQueueMappingDetailBody,
  topicQueueMappingTableBody,
  topicRouteBody,
  topicStatsBody,
  unlockBatchRequestBody,
} from '../../src/bodies/index.ts'

/** The text of a body, and a function that reads and writes it. */
export interface Sample {
  readonly name: string
  readonly text: string
  rewrite(text: string): string
}

function sample<T>(body: Body<T>, text: string): Sample {
  return { name: body.name, text, rewrite: (given) => body.encode(body.decode(Buffer.from(given))).toString() }
}

/** Each body with every field set, as the serializers of the official 5.5.0 jars write it. */
export const serializedSamples: readonly Sample[] = [
  sample(dataVersionBody, '{"counter":3,"stateVersion":1,"timestamp":2}'),
  sample(
    topicRouteBody,
    '{"brokerDatas":[{"brokerAddrs":{9:"s10",11:"s12"},"brokerName":"s8","cluster":"s7","enableActingMaster":true,"zoneName":"s13"}],"filterServerTable":{"s14":["s15"],"s16":["s17"]},"orderTopicConf":"s1","queueDatas":[{"brokerName":"s2","perm":5,"readQueueNums":3,"topicSysFlag":6,"writeQueueNums":4}],"topicQueueMappingByBroker":{"s28":{"bname":"s32","currIdMap":{34:35,36:37},"dirty":true,"epoch":33,"scope":"s30","topic":"s29","totalQueues":31},"s18":{"bname":"s22","currIdMap":{24:25,26:27},"dirty":true,"epoch":23,"scope":"s20","topic":"s19","totalQueues":21}}}',
  ),
  sample(
    clusterInfoBody,
    '{"brokerAddrTable":{"s9":{"brokerAddrs":{12:"s13",14:"s15"},"brokerName":"s11","cluster":"s10","enableActingMaster":true,"zoneName":"s16"},"s1":{"brokerAddrs":{4:"s5",6:"s7"},"brokerName":"s3","cluster":"s2","enableActingMaster":true,"zoneName":"s8"}},"clusterAddrTable":{"s17":["s18"],"s19":["s20"]}}',
  ),
  sample(
    topicConfigTableBody,
    '{"dataVersion":{"counter":23,"stateVersion":21,"timestamp":22},"topicConfigTable":{"s11":{"attributes":{"s17":"s18","s19":"s20"},"order":true,"perm":15,"readQueueNums":13,"topicFilterType":"SINGLE_TAG","topicName":"s12","topicSysFlag":16,"writeQueueNums":14},"s1":{"attributes":{"s7":"s8","s9":"s10"},"order":true,"perm":5,"readQueueNums":3,"topicFilterType":"SINGLE_TAG","topicName":"s2","topicSysFlag":6,"writeQueueNums":4}}}',
  ),
  sample(
    topicConfigAndMappingTableBody,
    '{"dataVersion":{"counter":102,"stateVersion":100,"timestamp":101},"mappingDataVersion":{"counter":79,"stateVersion":77,"timestamp":78},"topicConfigTable":{"s80":{"attributes":{"s86":"s87","s88":"s89"},"order":true,"perm":84,"readQueueNums":82,"topicFilterType":"SINGLE_TAG","topicName":"s81","topicSysFlag":85,"writeQueueNums":83},"s90":{"attributes":{"s96":"s97","s98":"s99"},"order":true,"perm":94,"readQueueNums":92,"topicFilterType":"SINGLE_TAG","topicName":"s91","topicSysFlag":95,"writeQueueNums":93}},"topicQueueMappingDetailMap":{"s21":{"bname":"s43","currIdMap":{45:46,47:48},"dirty":true,"epoch":44,"hostedQueues":{22:[{"bname":"s25","endOffset":28,"gen":23,"logicOffset":26,"queueId":24,"startOffset":27,"timeOfEnd":30,"timeOfStart":29}],31:[{"bname":"s34","endOffset":37,"gen":32,"logicOffset":35,"queueId":33,"startOffset":36,"timeOfEnd":39,"timeOfStart":38}]},"scope":"s41","topic":"s40","totalQueues":42},"s49":{"bname":"s71","currIdMap":{73:74,75:76},"dirty":true,"epoch":72,"hostedQueues":{50:[{"bname":"s53","endOffset":56,"gen":51,"logicOffset":54,"queueId":52,"startOffset":55,"timeOfEnd":58,"timeOfStart":57}],59:[{"bname":"s62","endOffset":65,"gen":60,"logicOffset":63,"queueId":61,"startOffset":64,"timeOfEnd":67,"timeOfStart":66}]},"scope":"s69","topic":"s68","totalQueues":70}},"topicQueueMappingInfoMap":{"s11":{"bname":"s15","currIdMap":{17:18,19:20},"dirty":true,"epoch":16,"scope":"s13","topic":"s12","totalQueues":14},"s1":{"bname":"s5","currIdMap":{7:8,9:10},"dirty":true,"epoch":6,"scope":"s3","topic":"s2","totalQueues":4}}}',
  ),
  sample(
    registerBrokerBody,
    '{"filterServerList":["s103"],"topicConfigSerializeWrapper":{"dataVersion":{"counter":102,"stateVersion":100,"timestamp":101},"mappingDataVersion":{"counter":79,"stateVersion":77,"timestamp":78},"topicConfigTable":{"s80":{"attributes":{"s86":"s87","s88":"s89"},"order":true,"perm":84,"readQueueNums":82,"topicFilterType":"SINGLE_TAG","topicName":"s81","topicSysFlag":85,"writeQueueNums":83},"s90":{"attributes":{"s96":"s97","s98":"s99"},"order":true,"perm":94,"readQueueNums":92,"topicFilterType":"SINGLE_TAG","topicName":"s91","topicSysFlag":95,"writeQueueNums":93}},"topicQueueMappingDetailMap":{"s21":{"bname":"s43","currIdMap":{45:46,47:48},"dirty":true,"epoch":44,"hostedQueues":{22:[{"bname":"s25","endOffset":28,"gen":23,"logicOffset":26,"queueId":24,"startOffset":27,"timeOfEnd":30,"timeOfStart":29}],31:[{"bname":"s34","endOffset":37,"gen":32,"logicOffset":35,"queueId":33,"startOffset":36,"timeOfEnd":39,"timeOfStart":38}]},"scope":"s41","topic":"s40","totalQueues":42},"s49":{"bname":"s71","currIdMap":{73:74,75:76},"dirty":true,"epoch":72,"hostedQueues":{50:[{"bname":"s53","endOffset":56,"gen":51,"logicOffset":54,"queueId":52,"startOffset":55,"timeOfEnd":58,"timeOfStart":57}],59:[{"bname":"s62","endOffset":65,"gen":60,"logicOffset":63,"queueId":61,"startOffset":64,"timeOfEnd":67,"timeOfStart":66}]},"scope":"s69","topic":"s68","totalQueues":70}},"topicQueueMappingInfoMap":{"s11":{"bname":"s15","currIdMap":{17:18,19:20},"dirty":true,"epoch":16,"scope":"s13","topic":"s12","totalQueues":14},"s1":{"bname":"s5","currIdMap":{7:8,9:10},"dirty":true,"epoch":6,"scope":"s3","topic":"s2","totalQueues":4}}}}',
  ),
  sample(topicListBody, '{"brokerAddr":"s2","topicList":["s1"]}'),
  sample(groupListBody, '{"groupList":["s1"]}'),
  sample(keyValueTableBody, '{"table":{"s3":"s4","s1":"s2"}}'),
  sample(
    heartbeatBody,
    '{"clientID":"s1","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_ACTIVELY","groupName":"s3","messageModel":"BROADCASTING","subscriptionDataSet":[{"classFilterMode":true,"codeSet":[7],"expressionType":"s9","subString":"s5","subVersion":8,"tagsSet":["s6"],"topic":"s4"}],"unitMode":true}],"heartbeatFingerprint":11,"producerDataSet":[{"groupName":"s2"}],"withoutSub":true}',
  ),
  sample(
    lockBatchRequestBody,
    '{"clientId":"s2","consumerGroup":"s1","mqSet":[{"brokerName":"s4","queueId":5,"topic":"s3"}],"onlyThisBroker":true}',
  ),
  sample(lockBatchResponseBody, '{"lockOKMQSet":[{"brokerName":"s2","queueId":3,"topic":"s1"}]}'),
  sample(
    unlockBatchRequestBody,
    '{"clientId":"s2","consumerGroup":"s1","mqSet":[{"brokerName":"s4","queueId":5,"topic":"s3"}],"onlyThisBroker":true}',
  ),
  sample(
    subscriptionGroupConfigBody,
    '{"attributes":{"s11":"s12","s13":"s14"},"brokerId":7,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":true,"consumeTimeoutMinute":10,"groupName":"s1","groupRetryPolicy":{"customizedRetryPolicy":{"next":[1,2]},"exponentialRetryPolicy":{"initial":4,"max":5,"multiplier":6},"type":"EXPONENTIAL"},"groupSysFlag":9,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":3,"retryQueueNums":2,"whichBrokerWhenConsumeSlowly":8}',
  ),
  sample(
    subscriptionGroupTableBody,
    '{"dataVersion":{"counter":43,"stateVersion":41,"timestamp":42},"forbiddenTable":{"s31":{"s32":33,"s34":35},"s36":{"s37":38,"s39":40}},"subscriptionGroupTable":{"s16":{"attributes":{"s27":"s28","s29":"s30"},"brokerId":23,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":true,"consumeTimeoutMinute":26,"groupName":"s17","groupRetryPolicy":{"customizedRetryPolicy":{"next":[1,2]},"exponentialRetryPolicy":{"initial":20,"max":21,"multiplier":22},"type":"EXPONENTIAL"},"groupSysFlag":25,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":19,"retryQueueNums":18,"whichBrokerWhenConsumeSlowly":24},"s1":{"attributes":{"s12":"s13","s14":"s15"},"brokerId":8,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":true,"consumeTimeoutMinute":11,"groupName":"s2","groupRetryPolicy":{"customizedRetryPolicy":{"next":[1,2]},"exponentialRetryPolicy":{"initial":5,"max":6,"multiplier":7},"type":"EXPONENTIAL"},"groupSysFlag":10,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":4,"retryQueueNums":3,"whichBrokerWhenConsumeSlowly":9}}}',
  ),
  sample(
    subscriptionGroupListBody,
    '{"groupConfigList":[{"attributes":{"s11":"s12","s13":"s14"},"brokerId":7,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":true,"consumeTimeoutMinute":10,"groupName":"s1","groupRetryPolicy":{"customizedRetryPolicy":{"next":[1,2]},"exponentialRetryPolicy":{"initial":4,"max":5,"multiplier":6},"type":"EXPONENTIAL"},"groupSysFlag":9,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":3,"retryQueueNums":2,"whichBrokerWhenConsumeSlowly":8}]}',
  ),
  sample(
    topicStatsBody,
    '{"offsetTable":{{"brokerName":"s9","queueId":10,"topic":"s8"}:{"lastUpdateTimestamp":13,"maxOffset":12,"minOffset":11},{"brokerName":"s3","queueId":4,"topic":"s2"}:{"lastUpdateTimestamp":7,"maxOffset":6,"minOffset":5}},"topicPutTps":1.0}',
  ),
  sample(
    consumeStatsBody,
    '{"consumeTps":15.0,"offsetTable":{{"brokerName":"s9","queueId":10,"topic":"s8"}:{"brokerOffset":11,"consumerOffset":12,"lastTimestamp":14,"pullOffset":13},{"brokerName":"s2","queueId":3,"topic":"s1"}:{"brokerOffset":4,"consumerOffset":5,"lastTimestamp":7,"pullOffset":6}}}',
  ),
  sample(
    consumeStatsListBody,
    '{"brokerAddr":"s33","consumeStatsList":[{"s17":[{"consumeTps":32.0,"offsetTable":{{"brokerName":"s19","queueId":20,"topic":"s18"}:{"brokerOffset":21,"consumerOffset":22,"lastTimestamp":24,"pullOffset":23},{"brokerName":"s26","queueId":27,"topic":"s25"}:{"brokerOffset":28,"consumerOffset":29,"lastTimestamp":31,"pullOffset":30}}}],"s1":[{"consumeTps":16.0,"offsetTable":{{"brokerName":"s10","queueId":11,"topic":"s9"}:{"brokerOffset":12,"consumerOffset":13,"lastTimestamp":15,"pullOffset":14},{"brokerName":"s3","queueId":4,"topic":"s2"}:{"brokerOffset":5,"consumerOffset":6,"lastTimestamp":8,"pullOffset":7}}}]}],"totalDiff":34,"totalInflightDiff":35}',
  ),
  sample(
    consumerConnectionBody,
    '{"connectionSet":[{"clientAddr":"s2","clientId":"s1","language":"JAVA","version":3}],"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_ACTIVELY","messageModel":"BROADCASTING","subscriptionTable":{"s4":{"classFilterMode":true,"codeSet":[8],"expressionType":"s10","subString":"s6","subVersion":9,"tagsSet":["s7"],"topic":"s5"},"s12":{"classFilterMode":true,"codeSet":[16],"expressionType":"s18","subString":"s14","subVersion":17,"tagsSet":["s15"],"topic":"s13"}}}',
  ),
  sample(
    producerConnectionBody,
    '{"connectionSet":[{"clientAddr":"s2","clientId":"s1","language":"JAVA","version":3}]}',
  ),
  sample(
    consumerOffsetsBody,
    '{"dataVersion":{"counter":13,"stateVersion":11,"timestamp":12},"offsetTable":{"s6":{7:8,9:10},"s1":{2:3,4:5}}}',
  ),
  sample(
    resetOffsetBody,
    '{"offsetTable":{{"brokerName":"s6","queueId":7,"topic":"s5"}:8,{"brokerName":"s2","queueId":3,"topic":"s1"}:4}}',
  ),
  sample(
    queryAssignmentRequestBody,
    '{"clientId":"s3","consumerGroup":"s2","messageModel":"BROADCASTING","strategyName":"s4","topic":"s1"}',
  ),
  sample(
    queryAssignmentResponseBody,
    '{"messageQueueAssignments":[{"attachments":{"s4":"s5","s6":"s7"},"messageQueue":{"brokerName":"s2","queueId":3,"topic":"s1"},"mode":"PULL"}]}',
  ),
  sample(messageRequestModeSettingBody, '{"consumerGroup":"s2","mode":"PULL","popShareQueueNum":3,"topic":"s1"}'),
  sample(
    consumeTimeSpanBody,
    '{"consumeTimeSpanSet":[{"consumeTimeStamp":6,"consumeTimeStampStr":"1970-01-01#00:00:00:006","delayTime":7,"maxTimeStamp":5,"maxTimeStampStr":"1970-01-01#00:00:00:005","messageQueue":{"brokerName":"s2","queueId":3,"topic":"s1"},"minTimeStamp":4,"minTimeStampStr":"1970-01-01#00:00:00:004"}]}',
  ),
  sample(
    consumeQueueQueryBody,
    '{"filterData":"s8","maxQueueIndex":15,"minQueueIndex":16,"queueData":[{"bitMap":"s13","eval":true,"extendDataJson":"s12","msg":"s14","physicOffset":9,"physicSize":10,"tagsCode":11}],"subscriptionData":{"classFilterMode":true,"codeSet":[4],"expressionType":"s6","subString":"s2","subVersion":5,"tagsSet":["s3"],"topic":"s1"}}',
  ),
  sample(
    brokerStatsBody,
    '{"statsDay":{"avgpt":9.0,"sum":7,"tps":8.0},"statsHour":{"avgpt":6.0,"sum":4,"tps":5.0},"statsMinute":{"avgpt":3.0,"sum":1,"tps":2.0}}',
  ),
  sample(
    consumerStatusBody,
    '{"consumerTable":{"s9":{{"brokerName":"s15","queueId":16,"topic":"s14"}:17,{"brokerName":"s11","queueId":12,"topic":"s10"}:13},"s18":{{"brokerName":"s24","queueId":25,"topic":"s23"}:26,{"brokerName":"s20","queueId":21,"topic":"s19"}:22}},"messageQueueTable":{{"brokerName":"s6","queueId":7,"topic":"s5"}:8,{"brokerName":"s2","queueId":3,"topic":"s1"}:4}}',
  ),
  sample(
    checkClientBody,
    '{"clientId":"s1","group":"s2","namespace":"s10","subscriptionData":{"classFilterMode":true,"codeSet":[6],"expressionType":"s8","subString":"s4","subVersion":7,"tagsSet":["s5"],"topic":"s3"}}',
  ),
  sample(
    brokerMemberGroupBody,
    '{"brokerMemberGroup":{"brokerAddrs":{3:"s4",5:"s6"},"brokerName":"s2","cluster":"s1"}}',
  ),
  sample(
    consumeDirectlyBody,
    '{"autoCommit":true,"consumeResult":"CR_SUCCESS","order":true,"remark":"s1","spentTimeMills":2}',
  ),
  sample(
    consumerRunningInfoBody,
    '{"jstack":"s66","mqPopTable":{{"brokerName":"s39","queueId":40,"topic":"s38"}:{"droped":true,"lastPopTimestamp":42,"waitAckCount":41},{"brokerName":"s44","queueId":45,"topic":"s43"}:{"droped":true,"lastPopTimestamp":47,"waitAckCount":46}},"mqTable":{{"brokerName":"s24","queueId":25,"topic":"s23"}:{"cachedMsgCount":29,"cachedMsgMaxOffset":28,"cachedMsgMinOffset":27,"cachedMsgSizeInMiB":30,"commitOffset":26,"droped":true,"lastConsumeTimestamp":37,"lastLockTimestamp":35,"lastPullTimestamp":36,"locked":true,"transactionMsgCount":33,"transactionMsgMaxOffset":32,"transactionMsgMinOffset":31,"tryUnlockTimes":34},{"brokerName":"s9","queueId":10,"topic":"s8"}:{"cachedMsgCount":14,"cachedMsgMaxOffset":13,"cachedMsgMinOffset":12,"cachedMsgSizeInMiB":15,"commitOffset":11,"droped":true,"lastConsumeTimestamp":22,"lastLockTimestamp":20,"lastPullTimestamp":21,"locked":true,"transactionMsgCount":18,"transactionMsgMaxOffset":17,"transactionMsgMinOffset":16,"tryUnlockTimes":19}},"properties":{"k":"v"},"statusTable":{"s48":{"consumeFailedMsgs":54,"consumeFailedTPS":53.0,"consumeOKTPS":52.0,"consumeRT":51.0,"pullRT":49.0,"pullTPS":50.0},"s55":{"consumeFailedMsgs":61,"consumeFailedTPS":60.0,"consumeOKTPS":59.0,"consumeRT":58.0,"pullRT":56.0,"pullTPS":57.0}},"subscriptionSet":[{"classFilterMode":true,"codeSet":[4],"expressionType":"s6","subString":"s2","subVersion":5,"tagsSet":["s3"],"topic":"s1"}],"userConsumerInfo":{"s62":"s63","s64":"s65"}}',
  ),
  sample(
    querySubscriptionBody,
    '{"group":"s8","subscriptionData":{"classFilterMode":true,"codeSet":[4],"expressionType":"s6","subString":"s2","subVersion":5,"tagsSet":["s3"],"topic":"s1"},"topic":"s9"}',
  ),
  sample(correctionOffsetsBody, '{"correctionOffsets":{1:2,3:4}}'),
  sample(
    createTopicListBody,
    '{"topicConfigList":[{"attributes":{"s6":"s7","s8":"s9"},"order":true,"perm":4,"readQueueNums":2,"topicFilterType":"SINGLE_TAG","topicName":"s1","topicSysFlag":5,"writeQueueNums":3}]}',
  ),
  sample(
    topicConfigAndQueueMappingBody,
    '{"attributes":{"s33":"s34","s35":"s36"},"mappingDetail":{"bname":"s22","currIdMap":{24:25,26:27},"dirty":true,"epoch":23,"hostedQueues":{1:[{"bname":"s4","endOffset":7,"gen":2,"logicOffset":5,"queueId":3,"startOffset":6,"timeOfEnd":9,"timeOfStart":8}],10:[{"bname":"s13","endOffset":16,"gen":11,"logicOffset":14,"queueId":12,"startOffset":15,"timeOfEnd":18,"timeOfStart":17}]},"scope":"s20","topic":"s19","totalQueues":21},"order":true,"perm":31,"readQueueNums":29,"topicFilterType":"SINGLE_TAG","topicName":"s28","topicSysFlag":32,"writeQueueNums":30}',
  ),
  sample(
    topicQueueMappingDetailBody,
    '{"bname":"s22","currIdMap":{24:25,26:27},"dirty":true,"epoch":23,"hostedQueues":{1:[{"bname":"s4","endOffset":7,"gen":2,"logicOffset":5,"queueId":3,"startOffset":6,"timeOfEnd":9,"timeOfStart":8}],10:[{"bname":"s13","endOffset":16,"gen":11,"logicOffset":14,"queueId":12,"startOffset":15,"timeOfEnd":18,"timeOfStart":17}]},"scope":"s20","topic":"s19","totalQueues":21}',
  ),
  sample(
    messageRequestModeTableBody,
    '{"messageRequestModeMap":{"s10":{"s11":{"consumerGroup":"s13","mode":"PULL","popShareQueueNum":14,"topic":"s12"},"s15":{"consumerGroup":"s17","mode":"PULL","popShareQueueNum":18,"topic":"s16"}},"s1":{"s6":{"consumerGroup":"s8","mode":"PULL","popShareQueueNum":9,"topic":"s7"},"s2":{"consumerGroup":"s4","mode":"PULL","popShareQueueNum":5,"topic":"s3"}}}}',
  ),
  sample(groupForbiddenBody, '{"group":"s2","readable":true,"topic":"s1"}'),
  sample(consumerIdListBody, '{"consumerIdList":["s1"]}'),
  sample(
    topicConfigBody,
    '{"attributes":{"s6":"s7","s8":"s9"},"order":true,"perm":4,"readQueueNums":2,"topicFilterType":"SINGLE_TAG","topicName":"s1","topicSysFlag":5,"writeQueueNums":3}',
  ),
  sample(resetOffsetListBody, '{"offsetTable":[{"brokerName":"b","offset":9,"queueId":1,"topic":"t"}]}'),
  sample(
    subscriptionGroupConfigBody,
    '{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"g","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"subscriptionDataSet":[{"expression":"*","expressionType":"TAG","topic":"t","version":5}],"whichBrokerWhenConsumeSlowly":1}',
  ),
]

/** Bodies that live official 5.5.0 servers answered with. */
export const liveSamples: readonly Sample[] = [
  sample(
    producerTableBody,
    '{"data":{"pg-cap":[{"clientId":"192.0.2.2@5353#554538887586","language":"JAVA","lastUpdateTimestamp":1795462296773,"remoteIP":"/127.0.0.1:33982","version":513}],"CLIENT_INNER_PRODUCER":[{"clientId":"192.0.2.2@5353#554538887586","language":"JAVA","lastUpdateTimestamp":1795462296773,"remoteIP":"/127.0.0.1:33982","version":513},{"clientId":"192.0.2.2@5353#555025299083@STREAM","language":"JAVA","lastUpdateTimestamp":1795462297081,"remoteIP":"/127.0.0.1:34018","version":513},{"clientId":"192.0.2.2@5353#554945951577","language":"JAVA","lastUpdateTimestamp":1795462297028,"remoteIP":"/127.0.0.1:33998","version":513},{"clientId":"192.0.2.2@5353#554998028023","language":"JAVA","lastUpdateTimestamp":1795462297090,"remoteIP":"/127.0.0.1:34010","version":513}]}}',
  ),
  sample(
    consumeStatsListBody,
    '{"brokerAddr":"127.0.0.2:22011","consumeStatsList":[{"SELF_TEST_C_GROUP":[]},{"cg-cap":[{"consumeTps":0.18333333333333332,"offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"CapTopic"}:{"brokerOffset":7,"consumerOffset":7,"lastTimestamp":1795462295963,"pullOffset":0},{"brokerName":"broker-a","queueId":0,"topic":"CapTopic"}:{"brokerOffset":6,"consumerOffset":2,"lastTimestamp":1795462207756,"pullOffset":0},{"brokerName":"broker-a","queueId":3,"topic":"CapTopic"}:{"brokerOffset":5,"consumerOffset":5,"lastTimestamp":1795462295959,"pullOffset":0},{"brokerName":"broker-a","queueId":2,"topic":"CapTopic"}:{"brokerOffset":4,"consumerOffset":2,"lastTimestamp":1795462207762,"pullOffset":0}}},{"consumeTps":0.1,"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"%RETRY%cg-cap"}:{"brokerOffset":2,"consumerOffset":2,"lastTimestamp":1795462298605,"pullOffset":0}}}]},{"CID_ONSAPI_OWNER":[]},{"cg-lite":[{"consumeTps":0.18333333333333332,"offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"CapTopic"}:{"brokerOffset":7,"consumerOffset":4,"lastTimestamp":1795462207756,"pullOffset":0},{"brokerName":"broker-a","queueId":0,"topic":"CapTopic"}:{"brokerOffset":6,"consumerOffset":2,"lastTimestamp":1795462207756,"pullOffset":0},{"brokerName":"broker-a","queueId":3,"topic":"CapTopic"}:{"brokerOffset":5,"consumerOffset":3,"lastTimestamp":1795462208838,"pullOffset":0},{"brokerName":"broker-a","queueId":2,"topic":"CapTopic"}:{"brokerOffset":4,"consumerOffset":2,"lastTimestamp":1795462207762,"pullOffset":0}}}]},{"cg-ord":[{"consumeTps":0.06666666666666667,"offsetTable":{{"brokerName":"broker-a","queueId":2,"topic":"CapOrder"}:{"brokerOffset":0,"consumerOffset":0,"lastTimestamp":0,"pullOffset":0},{"brokerName":"broker-a","queueId":1,"topic":"CapOrder"}:{"brokerOffset":0,"consumerOffset":0,"lastTimestamp":0,"pullOffset":0},{"brokerName":"broker-a","queueId":3,"topic":"CapOrder"}:{"brokerOffset":0,"consumerOffset":0,"lastTimestamp":0,"pullOffset":0},{"brokerName":"broker-a","queueId":0,"topic":"CapOrder"}:{"brokerOffset":8,"consumerOffset":4,"lastTimestamp":1795462207791,"pullOffset":0}}}]},{"CID_ONSAPI_PERMISSION":[]},{"CID_RMQ_SYS_TRANS":[]},{"TOOLS_CONSUMER":[]},{"CID_ONS-HTTP-PROXY":[]},{"FILTERSRV_CONSUMER":[]},{"CID_ONSAPI_PULL":[]}],"totalDiff":21,"totalInflightDiff":-33}',
  ),
  sample(
    consumeTimeSpanBody,
    '{"consumeTimeSpanSet":[{"consumeTimeStamp":1795462207756,"consumeTimeStampStr":"2026-11-23#19:30:07:756","delayTime":3486,"maxTimeStamp":1795462295959,"maxTimeStampStr":"2026-11-23#19:31:35:959","messageQueue":{"brokerName":"broker-a","queueId":0,"topic":"CapTopic"},"minTimeStamp":1795462207700,"minTimeStampStr":"2026-11-23#19:30:07:700"},{"consumeTimeStamp":1795462295963,"consumeTimeStampStr":"2026-11-23#19:31:35:963","delayTime":0,"maxTimeStamp":1795462295963,"maxTimeStampStr":"2026-11-23#19:31:35:963","messageQueue":{"brokerName":"broker-a","queueId":1,"topic":"CapTopic"},"minTimeStamp":1795462207728,"minTimeStampStr":"2026-11-23#19:30:07:728"},{"consumeTimeStamp":1795462207762,"consumeTimeStampStr":"2026-11-23#19:30:07:762","delayTime":3480,"maxTimeStamp":1795462297000,"maxTimeStampStr":"2026-11-23#19:31:37:000","messageQueue":{"brokerName":"broker-a","queueId":2,"topic":"CapTopic"},"minTimeStamp":1795462207734,"minTimeStampStr":"2026-11-23#19:30:07:734"},{"consumeTimeStamp":1795462295959,"consumeTimeStampStr":"2026-11-23#19:31:35:959","delayTime":0,"maxTimeStamp":1795462295959,"maxTimeStampStr":"2026-11-23#19:31:35:959","messageQueue":{"brokerName":"broker-a","queueId":3,"topic":"CapTopic"},"minTimeStamp":1795462207739,"minTimeStampStr":"2026-11-23#19:30:07:739"}]}',
  ),
  sample(
    consumerOffsetsBody,
    '{"dataVersion":{"counter":0,"stateVersion":0,"timestamp":1795462147970},"groupTopicMap":{"cg-lite":["CapTopic"],"cg-ord":["CapOrder"],"cg-cap":["CapTopic","%RETRY%cg-cap"]},"offsetTable":{"CapTopic@cg-lite":{0:2,1:4,2:2,3:3},"CapOrder@cg-ord":{0:4,1:0,2:0,3:0},"CapTopic@cg-cap":{0:2,1:7,2:2,3:5},"%RETRY%cg-cap@cg-cap":{0:2}},"pullOffsetTable":{"CapTopic@cg-lite":{0:6,1:7,2:4,3:5},"CapOrder@cg-ord":{0:8,1:0,2:0,3:0},"%RETRY%cg-ord@cg-ord":{0:0},"CapTopic@cg-cap":{0:6,1:7,2:4,3:5},"%RETRY%cg-cap@cg-cap":{0:2}}}',
  ),
  sample(
    delayOffsetsBody,
    '{"dataVersion":{"counter":0,"stateVersion":0,"timestamp":1795462148107},"offsetTable":{1:4}}',
  ),
  sample(
    consumerConnectionBody,
    '{"connectionSet":[{"clientAddr":"127.0.0.1:33998","clientId":"192.0.2.2@5353#554945951577","language":"JAVA","version":513}],"consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET","consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING","subscriptionTable":{"CapTopic":{"classFilterMode":false,"codeSet":[2598919,2598920],"expressionType":"TAG","subString":"TagA || TagB","subVersion":1795462297018,"tagsSet":["TagA","TagB"],"topic":"CapTopic"},"%RETRY%cg-cap":{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":1795462297026,"tagsSet":[],"topic":"%RETRY%cg-cap"}}}',
  ),
  sample(
    consumeStatsBody,
    '{"consumeTps":0.2833333333333333,"offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"CapTopic"}:{"brokerOffset":7,"consumerOffset":7,"lastTimestamp":1795462295963,"pullOffset":7},{"brokerName":"broker-a","queueId":0,"topic":"CapTopic"}:{"brokerOffset":6,"consumerOffset":2,"lastTimestamp":1795462207756,"pullOffset":6},{"brokerName":"broker-a","queueId":0,"topic":"%RETRY%cg-cap"}:{"brokerOffset":2,"consumerOffset":2,"lastTimestamp":1795462298605,"pullOffset":2},{"brokerName":"broker-a","queueId":3,"topic":"CapTopic"}:{"brokerOffset":5,"consumerOffset":5,"lastTimestamp":1795462295959,"pullOffset":5},{"brokerName":"broker-a","queueId":2,"topic":"CapTopic"}:{"brokerOffset":4,"consumerOffset":2,"lastTimestamp":1795462207762,"pullOffset":4}}}',
  ),
  sample(consumeStatsBody, '{"consumeTps":0.0,"offsetTable":{}}'),
  sample(
    topicStatsBody,
    '{"offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"CapTopic"}:{"lastUpdateTimestamp":1795462295963,"maxOffset":7,"minOffset":0},{"brokerName":"broker-a","queueId":0,"topic":"CapTopic"}:{"lastUpdateTimestamp":1795462295959,"maxOffset":6,"minOffset":0},{"brokerName":"broker-a","queueId":3,"topic":"CapTopic"}:{"lastUpdateTimestamp":1795462295959,"maxOffset":5,"minOffset":0},{"brokerName":"broker-a","queueId":2,"topic":"CapTopic"}:{"lastUpdateTimestamp":1795462297000,"maxOffset":4,"minOffset":0}},"topicPutTps":0.18333333333333332}',
  ),
  sample(
    clusterInfoBody,
    '{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"127.0.0.2:22011"},"brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":false}},"clusterAddrTable":{"DefaultCluster":["broker-a"]}}',
  ),
  sample(
    subscriptionGroupTableBody,
    '{"dataVersion":{"counter":3,"stateVersion":0,"timestamp":1795462208935},"forbiddenTable":{},"subscriptionGroupTable":{"SELF_TEST_C_GROUP":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"SELF_TEST_C_GROUP","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"cg-cap":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"cg-cap","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"CID_ONSAPI_OWNER":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"CID_ONSAPI_OWNER","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"cg-lite":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"cg-lite","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"cg-ord":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"cg-ord","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"CID_ONSAPI_PERMISSION":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"CID_ONSAPI_PERMISSION","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"CID_RMQ_SYS_TRANS":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"CID_RMQ_SYS_TRANS","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"TOOLS_CONSUMER":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"TOOLS_CONSUMER","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"CID_ONS-HTTP-PROXY":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"CID_ONS-HTTP-PROXY","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"FILTERSRV_CONSUMER":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"FILTERSRV_CONSUMER","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1},"CID_ONSAPI_PULL":{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"CID_ONSAPI_PULL","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1}}}',
  ),
  sample(
    topicConfigAndMappingTableBody,
    '{"dataVersion":{"counter":5,"stateVersion":0,"timestamp":1795462208939},"mappingDataVersion":{"counter":0,"stateVersion":0,"timestamp":1795462147970},"topicConfigTable":{"CapOrder":{"attributes":{},"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"CapOrder","topicSysFlag":0,"writeQueueNums":4},"%RETRY%cg-lite":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"%RETRY%cg-lite","topicSysFlag":0,"writeQueueNums":1},"SCHEDULE_TOPIC_XXXX":{"attributes":{},"order":false,"perm":6,"readQueueNums":18,"topicFilterType":"SINGLE_TAG","topicName":"SCHEDULE_TOPIC_XXXX","topicSysFlag":0,"writeQueueNums":18},"SELF_TEST_TOPIC":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"SELF_TEST_TOPIC","topicSysFlag":0,"writeQueueNums":1},"rmq_sys_wheel_timer":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"rmq_sys_wheel_timer","topicSysFlag":0,"writeQueueNums":1},"DefaultCluster":{"attributes":{},"order":false,"perm":7,"readQueueNums":16,"topicFilterType":"SINGLE_TAG","topicName":"DefaultCluster","topicSysFlag":0,"writeQueueNums":16},"RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC","topicSysFlag":0,"writeQueueNums":1},"DefaultCluster_REPLY_TOPIC":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"DefaultCluster_REPLY_TOPIC","topicSysFlag":0,"writeQueueNums":1},"CapTopic":{"attributes":{},"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"CapTopic","topicSysFlag":0,"writeQueueNums":4},"%RETRY%cg-ord":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"%RETRY%cg-ord","topicSysFlag":0,"writeQueueNums":1},"rmq_sys_REVIVE_LOG_DefaultCluster":{"attributes":{},"order":false,"perm":6,"readQueueNums":8,"topicFilterType":"SINGLE_TAG","topicName":"rmq_sys_REVIVE_LOG_DefaultCluster","topicSysFlag":0,"writeQueueNums":8},"RMQ_SYS_TRANS_HALF_TOPIC":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"RMQ_SYS_TRANS_HALF_TOPIC","topicSysFlag":0,"writeQueueNums":1},"%RETRY%cg-cap":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"%RETRY%cg-cap","topicSysFlag":0,"writeQueueNums":1},"rmq_sys_SYNC_BROKER_MEMBER_broker-a":{"attributes":{},"order":false,"perm":1,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"rmq_sys_SYNC_BROKER_MEMBER_broker-a","topicSysFlag":0,"writeQueueNums":1},"broker-a":{"attributes":{},"order":false,"perm":7,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"broker-a","topicSysFlag":0,"writeQueueNums":1},"RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC","topicSysFlag":0,"writeQueueNums":1},"RMQ_SYS_TRANS_OP_HALF_TOPIC":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"RMQ_SYS_TRANS_OP_HALF_TOPIC","topicSysFlag":0,"writeQueueNums":1},"TBW102":{"attributes":{},"order":false,"perm":7,"readQueueNums":8,"topicFilterType":"SINGLE_TAG","topicName":"TBW102","topicSysFlag":0,"writeQueueNums":8},"BenchmarkTest":{"attributes":{},"order":false,"perm":6,"readQueueNums":1024,"topicFilterType":"SINGLE_TAG","topicName":"BenchmarkTest","topicSysFlag":0,"writeQueueNums":1024},"OFFSET_MOVED_EVENT":{"attributes":{},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"OFFSET_MOVED_EVENT","topicSysFlag":0,"writeQueueNums":1}},"topicQueueMappingDetailMap":{},"topicQueueMappingInfoMap":{}}',
  ),
  sample(
    brokerMemberGroupBody,
    '{"brokerMemberGroup":{"brokerAddrs":{0:"127.0.0.2:22011"},"brokerName":"broker-a","cluster":"DefaultCluster"}}',
  ),
  sample(
    brokerStatsBody,
    '{"statsDay":{"avgpt":0.0,"sum":0,"tps":0.0},"statsHour":{"avgpt":0.0,"sum":0,"tps":0.0},"statsMinute":{"avgpt":1.2222222222222223,"sum":11,"tps":0.18333333333333332}}',
  ),
  sample(topicListBody, '{"brokerAddr":"127.0.0.2:22011","topicList":["broker-a","DefaultCluster"]}'),
  sample(
    querySubscriptionBody,
    '{"group":"cg-cap","subscriptionData":{"classFilterMode":false,"codeSet":[2598919,2598920],"expressionType":"TAG","subString":"TagA || TagB","subVersion":1795462297018,"tagsSet":["TagA","TagB"],"topic":"CapTopic"},"topic":"CapTopic"}',
  ),
]

/** As `serializedSamples`, with integer keys in the order of a Java hash map, which has no meaning. */
export const unorderedSample = sample(
  topicQueueMappingTableBody,
  '{"dataVersion":{"counter":59,"stateVersion":57,"timestamp":58},"topicQueueMappingInfoMap":{"s29":{"bname":"s51","currIdMap":{53:54,55:56},"dirty":true,"epoch":52,"hostedQueues":{39:[{"bname":"s42","endOffset":45,"gen":40,"logicOffset":43,"queueId":41,"startOffset":44,"timeOfEnd":47,"timeOfStart":46}],30:[{"bname":"s33","endOffset":36,"gen":31,"logicOffset":34,"queueId":32,"startOffset":35,"timeOfEnd":38,"timeOfStart":37}]},"scope":"s49","topic":"s48","totalQueues":50},"s1":{"bname":"s23","currIdMap":{25:26,27:28},"dirty":true,"epoch":24,"hostedQueues":{2:[{"bname":"s5","endOffset":8,"gen":3,"logicOffset":6,"queueId":4,"startOffset":7,"timeOfEnd":10,"timeOfStart":9}],11:[{"bname":"s14","endOffset":17,"gen":12,"logicOffset":15,"queueId":13,"startOffset":16,"timeOfEnd":19,"timeOfStart":18}]},"scope":"s21","topic":"s20","totalQueues":22}}}',
)
