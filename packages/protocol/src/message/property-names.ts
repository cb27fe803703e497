/** Names of the message properties that the servers give a meaning to. */
export const propertyName = {
  keys: 'KEYS',
  tags: 'TAGS',
  waitStoreOk: 'WAIT',
  delayLevel: 'DELAY',
  retryTopic: 'RETRY_TOPIC',
  realTopic: 'REAL_TOPIC',
  realQueueId: 'REAL_QID',
  uniqueKey: 'UNIQ_KEY',
  /** Of a batch that is stored whole: how many messages it holds, and the queue offset of the first of them. */
  innerCount: 'INNER_NUM',
  innerBase: 'INNER_BASE',
  originMessageId: 'ORIGIN_MESSAGE_ID',
  maxReconsumeTimes: 'MAX_RECONSUME_TIMES',
  reconsumeTime: 'RECONSUME_TIME',
  messageRegion: 'MSG_REGION',
  traceOn: 'TRACE_ON',
  cluster: 'CLUSTER',
  transactionPrepared: 'TRAN_MSG',
  producerGroup: 'PGROUP',
  transactionId: '__transactionId__',
  checkImmunitySeconds: 'CHECK_IMMUNITY_TIME_IN_SECONDS',
  transactionCheckTimes: 'TRANSACTION_CHECK_TIMES',
  /** Of a renewed half message: the offset of the transaction's first one in the queue of half messages. */
  preparedQueueOffset: 'TRAN_PREPARED_QUEUE_OFFSET',
  /** Of this broker: a message whose producer numbers its messages is stored once. */
  producerId: '__PRODUCER_ID',
  producerSequence: '__PRODUCER_SEQUENCE',
  timerDelayMs: 'TIMER_DELAY_MS',
  timerDelaySec: 'TIMER_DELAY_SEC',
  timerDeliverMs: 'TIMER_DELIVER_MS',
  timerOutMs: 'TIMER_OUT_MS',
  timerEnqueueMs: 'TIMER_ENQUEUE_MS',
  timerDequeueMs: 'TIMER_DEQUEUE_MS',
  timerRollTimes: 'TIMER_ROLL_TIMES',
  timerDeleteUniqueKey: 'TIMER_DEL_UNIQKEY',
  /** The receipt of a message that POP gives out of a retry topic. */
  popCheckpoint: 'POP_CK',
  firstPopTime: '1ST_POP_TIME',
  /** The group that a message was given again to. */
  originGroup: 'ORIGIN_GROUP',
  /** Of this broker: which of its lives wrote a checkpoint of POP. */
  popEpoch: '__POP_EPOCH',
  /** Of this broker: where the log ended when the messages of a checkpoint of POP were given out. */
  popLogEnd: '__POP_LOG_END',
  /** Of this broker: the receipt that ended when the invisible time of a message was changed, as `startOffset popTime`. */
  popReplaced: '__POP_REPLACED',
  bornTimestamp: 'BORN_TIMESTAMP',
  priority: '_SYS_MSG_PRIORITY_',
  shardingKey: '__SHARDINGKEY',
  replyToClient: 'REPLY_TO_CLIENT',
  pushReplyTime: 'PUSH_REPLY_TIME',
  /** Names of light queues that the message stands in too, separated by commas. */
  multiDispatch: 'INNER_MULTI_DISPATCH',
  /** Its offset in each of them, in their order: set by the broker. */
  multiQueueOffset: 'INNER_MULTI_QUEUE_OFFSET',
  /** The lite topic of its topic that it belongs to. */
  liteTopic: '__LITE_TOPIC',
} as const
